//! A broker with a store, a vendor, and a clock that the test moves.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ferrule_catalog::Catalog;
use ferrule_model::{Chance, Clock};
use ferrule_oauth_broker::handshake::Store;
use ferrule_oauth_broker::{Broker, Settings};
use ferrule_seal::KeyRing;
use ferrule_testkit::{Behaviour, Redis, TokenEndpoint, free_port};
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::v1::find_outcome_response::Stage;
use ferrule_wire::v1::{
    AuthorizeRequest, AuthorizeResponse, CallbackRequest, CallbackResponse, ConfirmRequest, ExchangeRequest,
    FindOutcomeRequest, Grant, RevokeRequest,
};
use ferrule_wire::{BrokerClient, Reason, Refusal, in_process};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::connectors::catalog;
use crate::requests::{PUBLIC_URL, came_back, claim, hosted};

/// The registry's deadline and a little more, so that no test sees it end first.
const DEADLINE: Duration = Duration::from_secs(40);
/// 2027-01-15, where every clock begins.
pub const BEGINNING: i64 = 1_800_000_000;

pub struct World {
    pub vendor: TokenEndpoint,
    pub place: Place,
    /// Where the connector `absent` looks for its vendor.
    pub absent_port: u16,
    seconds: Arc<AtomicI64>,
    ring: watch::Sender<Arc<KeyRing>>,
    settings: Settings,
    catalog: Catalog,
    broker: Option<Broker>,
}

/// Where handshakes lie.
pub enum Place {
    Directory(TempDir),
    Redis(Redis),
}

impl World {
    pub async fn embedded() -> Self {
        Self::new(Place::Directory(tempfile::tempdir().unwrap())).await
    }

    pub async fn redis() -> Self {
        Self::new(Place::Redis(blocking(Redis::start))).await
    }

    /// A Redis that forgets nothing when it is killed.
    pub async fn append_only_redis() -> Self {
        Self::new(Place::Redis(blocking(Redis::start_append_only))).await
    }

    async fn new(place: Place) -> Self {
        let vendor = TokenEndpoint::start(Behaviour::default());
        let absent_port = free_port();
        let mut world = Self {
            catalog: catalog(&vendor, absent_port),
            vendor,
            place,
            absent_port,
            seconds: Arc::new(AtomicI64::new(BEGINNING)),
            ring: watch::Sender::new(Arc::new(new_ring("first"))),
            settings: Settings {
                public_url: PUBLIC_URL.to_owned(),
                return_urls: None,
                allow_private_networks: true,
                vendor_roots: ferrule_outbound::Roots::mozilla(),
            },
            broker: None,
        };
        world.broker = Some(world.another_broker().await);
        world
    }

    /// The same place and clock with other settings or connectors.
    pub async fn with(mut self, settings: Option<Settings>, catalog: Option<Catalog>) -> Self {
        self.settings = settings.unwrap_or(self.settings);
        self.catalog = catalog.unwrap_or(self.catalog);
        self.restart().await;
        self
    }

    /// One more replica over the same store.
    pub async fn another_broker(&self) -> Broker {
        let store = match &self.place {
            Place::Directory(directory) => Store::embedded(directory.path(), self.clock()).await,
            Place::Redis(redis) => Store::redis(&redis.url().into()).await,
        };
        Broker::new(
            self.settings.clone(),
            self.catalog.clone(),
            store.unwrap(),
            self.ring.subscribe(),
            self.clock(),
            Chance::system(),
        )
    }

    /// Drops the broker and builds another on the same store.
    pub async fn restart(&mut self) {
        if let Some(broker) = self.broker.take() {
            broker.finish().await;
        }
        self.broker = Some(self.another_broker().await);
    }

    /// Puts another ring in force and gives the one before.
    pub fn change_ring(&self, ring: Arc<KeyRing>) -> Arc<KeyRing> {
        self.ring.send_replace(ring)
    }

    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    pub fn server(&mut self) -> &mut Redis {
        match &mut self.place {
            Place::Redis(redis) => redis,
            Place::Directory(_) => panic!("not Redis"),
        }
    }

    /// What somebody reads who took the store's bytes.
    pub fn dump(&self) -> Vec<u8> {
        match &self.place {
            Place::Directory(directory) => files_below(directory.path().to_owned()),
            Place::Redis(redis) => blocking(|| redis.dump()),
        }
    }

    pub fn move_clock(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let seconds = self.seconds.clone();
        Clock::from_fn(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap())
    }

    pub fn broker(&self) -> &Broker {
        self.broker.as_ref().unwrap()
    }

    pub fn client(&self) -> BrokerClient {
        client(self.broker())
    }

    pub async fn authorize(&self, request: AuthorizeRequest) -> Result<AuthorizeResponse, Refusal> {
        Ok(self.client().authorize(request).await?.into_inner())
    }

    pub async fn callback(&self, request: CallbackRequest) -> Result<CallbackResponse, Refusal> {
        Ok(self.client().callback(request).await?.into_inner())
    }

    pub async fn exchange(&self, request: ExchangeRequest) -> Result<Outcome, Refusal> {
        exchange(self.client(), request).await
    }

    pub async fn revoke(&self, request: RevokeRequest) -> Result<bool, Refusal> {
        Ok(self.client().revoke(request).await?.into_inner().revoked)
    }

    pub async fn confirm(&self, request: &ExchangeRequest) {
        let digest = request.digest.clone();
        self.client().confirm(ConfirmRequest { digest }).await.unwrap();
    }

    pub async fn stage(&self, element: &str, state: &str) -> Stage {
        let request = FindOutcomeRequest {
            element: element.to_owned(),
            handshake: state.to_owned(),
        };
        self.client()
            .find_outcome(request)
            .await
            .unwrap()
            .into_inner()
            .stage()
    }

    /// The tokens of an exchange that goes well.
    pub async fn granted(&self, request: ExchangeRequest) -> Grant {
        granted(self.exchange(request).await)
    }

    /// Ferrule's state of a login that waits for its callback.
    pub async fn begun(&self, request: AuthorizeRequest) -> String {
        self.authorize(request).await.unwrap().state.unwrap()
    }

    /// Ferrule's state of a login that waits for its claim.
    pub async fn attached(&self, element: &str, code: &str) -> String {
        let state = self.begun(hosted(element)).await;
        self.callback(came_back(element, &state, code)).await.unwrap();
        state
    }

    /// The right callback and claim still work: nothing that came before used them up.
    pub async fn is_untouched(&self, element: &str, state: &str) {
        self.callback(came_back(element, state, "the-right-code"))
            .await
            .unwrap();
        self.granted(claim(element, state)).await;
    }

    /// How many token requests left.
    pub fn token_requests(&self) -> usize {
        self.vendor.requests_to("/token").len()
    }
}

pub fn new_ring(id: &str) -> KeyRing {
    KeyRing::parse(&KeyRing::generate(&Chance::system(), id)).unwrap()
}

pub fn client(broker: &Broker) -> BrokerClient {
    BrokerClient::new(in_process(broker.service(), DEADLINE))
}

pub async fn exchange(mut client: BrokerClient, request: ExchangeRequest) -> Result<Outcome, Refusal> {
    Ok(client.exchange(request).await?.into_inner().outcome.unwrap())
}

pub fn granted(outcome: Result<Outcome, Refusal>) -> Grant {
    match outcome {
        Ok(Outcome::Grant(grant)) => grant,
        other => panic!("no grant: {other:?}"),
    }
}

/// Why a call was refused.
pub fn reason<T>(answer: Result<T, Refusal>) -> Reason {
    match answer {
        Ok(_) => panic!("not refused"),
        Err(refusal) => refusal.reason,
    }
}

/// The test kit blocks; meanwhile other threads go on.
pub fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

fn files_below(path: PathBuf) -> Vec<u8> {
    if path.is_file() {
        return std::fs::read(path).unwrap();
    }
    let entries = std::fs::read_dir(path).unwrap();
    entries
        .flat_map(|entry| files_below(entry.unwrap().path()))
        .collect()
}
