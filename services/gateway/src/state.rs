//! What the gateway was built from.

use std::sync::Arc;

use ferrule_catalog::{Catalog, Connector};
use ferrule_model::Chance;
use ferrule_wire::{BrokerClient, Reason, Refusal, RegistryClient};

use crate::caller::Callers;
use crate::errors::ApiError;
use crate::limit::AnonymousLimit;
use crate::settings::Settings;

/// Everything a handler may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gateway(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    broker: BrokerClient,
    registry: RegistryClient,
    callers: Callers,
    catalog: Catalog,
    anonymous: AnonymousLimit,
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
        chance: Chance,
    ) -> Self {
        let callers = Callers::new(registry.clone());
        let anonymous = AnonymousLimit::new(settings.trusted_proxies.clone());
        Self(Arc::new(Parts {
            broker,
            registry,
            callers,
            catalog,
            anonymous,
            chance,
            settings,
        }))
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

    pub(crate) fn anonymous(&self) -> &AnonymousLimit {
        &self.0.anonymous
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
