//! What the gateway was built from.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use ferrule_catalog::{Catalog, Connector};
use ferrule_model::{Chance, Clock};
use ferrule_outbound::Outbound;
use ferrule_wire::{BrokerClient, Reason, Refusal, RegistryClient};

use crate::caller::Callers;
use crate::credentials::Credentials;
use crate::errors::ApiError;
use crate::limit::{ANONYMOUS_CALLS, AddressLimit, SIGN_INS};
use crate::meters;
use crate::proxy::Limits;
use crate::settings::Settings;

/// The longest that a connection to a vendor may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often callers that went quiet are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_mins(1);

/// Everything a handler may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    broker: BrokerClient,
    registry: RegistryClient,
    callers: Callers,
    catalog: Catalog,
    anonymous: AddressLimit,
    sign_ins: AddressLimit,
    credentials: Credentials,
    limits: Limits,
    outbound: Outbound,
    clock: Clock,
    chance: Chance,
    settings: Settings,
}

impl Gateway {
    /// Puts the parts together; nothing is called yet.
    pub fn new(
        settings: Settings,
        broker: BrokerClient,
        registry: RegistryClient,
        catalog: Catalog,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        let callers = Callers::new(registry.clone());
        let limit = |a_minute| AddressLimit::new(a_minute, settings.trusted_proxies.clone());
        let (anonymous, sign_ins) = (limit(ANONYMOUS_CALLS), limit(SIGN_INS));
        meters::describe();
        Self(Arc::new(Parts {
            credentials: Credentials::new(registry.clone(), catalog.clone(), clock.clone(), chance.clone()),
            limits: Limits::new(settings.organization_limit, settings.instance_limit),
            outbound: Outbound::new(ferrule_outbound::Settings {
                allow_private_networks: settings.allow_private_networks,
                roots: settings.vendor_roots.clone(),
                connect_timeout: CONNECT_TIMEOUT,
                user_agent: HeaderValue::from_static("Ferrule"),
            }),
            broker,
            registry,
            callers,
            catalog,
            anonymous,
            sign_ins,
            clock,
            chance,
            settings,
        }))
    }

    /// Forgets callers that the limits need not remember, for ever: run it beside the server.
    pub(crate) async fn forget_quiet_callers(&self) {
        loop {
            tokio::time::sleep(FORGET_INTERVAL).await;
            self.0.anonymous.forget_quiet();
            self.0.sign_ins.forget_quiet();
            self.0.limits.forget_quiet();
        }
    }

    pub(crate) fn broker(&self) -> BrokerClient {
        self.0.broker.clone()
    }

    pub(crate) fn registry(&self) -> RegistryClient {
        self.0.registry.clone()
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.0.callers
    }

    pub(crate) fn catalog(&self) -> &Catalog {
        &self.0.catalog
    }

    pub(crate) fn anonymous(&self) -> &AddressLimit {
        &self.0.anonymous
    }

    pub(crate) fn sign_ins(&self) -> &AddressLimit {
        &self.0.sign_ins
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.0.outbound
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn chance(&self) -> &Chance {
        &self.0.chance
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The connector of this key or numeric id; 404 when there is none.
    pub(crate) fn connector(&self, key_or_id: &str) -> Result<&Arc<Connector>, ApiError> {
        self.catalog().get(key_or_id).ok_or_else(|| {
            Refusal::new(
                Reason::ElementUnknown,
                "No element found with this key or id. GET /elements lists all of them.",
            )
            .into()
        })
    }
}
