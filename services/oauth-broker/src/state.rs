//! What the broker was built from.

use std::sync::Arc;
use std::time::Duration;

use ferrule_catalog::{Auth, Catalog, Connector, OAuth2};
use ferrule_model::{Chance, Clock};
use ferrule_outbound::Outbound;
use ferrule_seal::KeyRing;
use ferrule_wire::v1::oauth_broker_server::OauthBrokerServer;
use ferrule_wire::{Reason, Refusal};
use http::HeaderValue;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::discovery::Discoveries;
use crate::handshake::{Exchanges, Handshakes, Refreshes, SealedStore, Store};
use crate::settings::Settings;
use crate::under_way::UnderWay;
use crate::vendor_call;

/// How long a connection to a vendor may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

const USER_AGENT: &str = concat!("Ferrule/", env!("CARGO_PKG_VERSION"));

/// Everything a verb may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Broker {
    pub(crate) settings: Arc<Settings>,
    pub(crate) catalog: Catalog,
    pub(crate) handshakes: Handshakes,
    pub(crate) exchanges: Exchanges,
    pub(crate) refreshes: Refreshes,
    pub(crate) under_way: UnderWay,
    discoveries: Discoveries,
    pub(crate) outbound: Outbound,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    store: Store,
    /// Exchanges and refreshes outlive their callers: what a vendor has answered is kept.
    pub(crate) unfinished: TaskTracker,
}

impl Broker {
    /// Puts the parts together; nothing is called yet. The ring may change while the broker runs.
    pub fn new(
        settings: Settings,
        catalog: Catalog,
        store: Store,
        ring: watch::Receiver<Arc<KeyRing>>,
        clock: Clock,
        chance: Chance,
    ) -> Self {
        vendor_call::describe_metrics();
        let records = SealedStore::new(store.clone(), ring, clock.clone(), chance.clone());
        let outbound = Outbound::new(ferrule_outbound::Settings {
            allow_private_networks: settings.allow_private_networks,
            roots: settings.vendor_roots.clone(),
            connect_timeout: CONNECT_TIMEOUT,
            user_agent: HeaderValue::from_static(USER_AGENT),
        });
        Self {
            settings: Arc::new(settings),
            catalog,
            handshakes: Handshakes::new(records.clone()),
            exchanges: Exchanges::new(records.clone()),
            refreshes: Refreshes::new(records),
            under_way: UnderWay::default(),
            discoveries: Discoveries::default(),
            outbound,
            clock,
            chance,
            store,
            unfinished: TaskTracker::new(),
        }
    }

    /// The broker as a gRPC service.
    pub fn service(&self) -> OauthBrokerServer<Self> {
        OauthBrokerServer::new(self.clone())
    }

    /// Whether the handshake store answers; the words say why not.
    pub async fn ready(&self) -> Result<(), String> {
        self.store.ping().await.map_err(|error| error.to_string())
    }

    /// Waits until no exchange and no refresh is under way any more.
    pub async fn finish(&self) {
        self.unfinished.close();
        self.unfinished.wait().await;
    }

    /// The connector of this key or id whose users log in at the vendor, by OAuth 2 or 1.0a.
    pub(crate) fn with_logins(&self, key_or_id: &str) -> Result<&Arc<Connector>, Refusal> {
        let connector = self.connector(key_or_id)?;
        match connector.auth {
            Auth::OAuth1(_) => Ok(connector),
            _ => Ok(self.oauth2(key_or_id)?.0),
        }
    }

    /// The OAuth 2 connector of this key or id.
    pub(crate) fn oauth2(&self, key_or_id: &str) -> Result<(&Arc<Connector>, &OAuth2), Refusal> {
        let connector = self.connector(key_or_id)?;
        let oauth2 = connector.oauth2().map_err(crate::refusals::from_parameter)?;
        Ok((connector, oauth2))
    }

    /// The connector of this key or id that hands out OAuth 2 tokens, and knows where.
    pub(crate) async fn with_tokens(&self, key_or_id: &str) -> Result<Arc<Connector>, Refusal> {
        let connector = self.connector(key_or_id)?;
        connector
            .token_server()
            .map_err(crate::refusals::from_parameter)?;
        self.complete(connector).await
    }

    /// The connector with all addresses: those that its file leaves to its issuer are the issuer's.
    pub(crate) async fn complete(&self, connector: &Arc<Connector>) -> Result<Arc<Connector>, Refusal> {
        match connector.discovery() {
            None => Ok(Arc::clone(connector)),
            // Seldom, so that its room is not every login's.
            Some(discovery) => Box::pin(self.discoveries.complete(self, connector, discovery)).await,
        }
    }

    /// The connector of this key or id.
    pub(crate) fn connector(&self, key_or_id: &str) -> Result<&Arc<Connector>, Refusal> {
        self.catalog.get(key_or_id).ok_or_else(|| {
            let words = "No element found with this key or id. GET /elements lists all of them.";
            Refusal::new(Reason::ElementUnknown, words)
        })
    }

    /// Ferrule's own callback for this connector: one path a connector.
    pub(crate) fn hosted_callback(&self, connector: &Connector) -> String {
        format!("{}/oauth/callback/{}", self.settings.public_url, connector.key)
    }
}
