//! A store, a clock that the test moves, and handshakes to play with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ferrule_model::{Chance, Clock, Digest, OrganizationId};
use ferrule_seal::KeyRing;
use ferrule_testkit::{Redis, RedisCluster, RedisSentinels};
use jiff::Timestamp;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::handshake::*;

/// A clock that a test moves by hand.
#[derive(Clone)]
pub(crate) struct ManualClock(Arc<AtomicI64>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000)))
    }
}

impl ManualClock {
    pub(crate) fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Clock::from_fn(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap())
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs().cast_signed(), Ordering::SeqCst);
    }

    pub(crate) fn move_back(&self, by: Duration) {
        self.0.fetch_sub(by.as_secs().cast_signed(), Ordering::SeqCst);
    }
}

/// Where the store of a world keeps its bytes.
pub(super) enum Place {
    Directory(TempDir),
    Redis(Redis),
    Shared(Shared),
}

/// Several servers, which worlds use one after another.
#[derive(Clone)]
pub(super) enum Shared {
    Cluster(Arc<RedisCluster>),
    Sentinels(Arc<RedisSentinels>),
}

impl Shared {
    pub fn url(&self) -> String {
        match self {
            Self::Cluster(cluster) => {
                let hosts: Vec<_> = cluster
                    .ports()
                    .iter()
                    .map(|port| format!("127.0.0.1:{port}"))
                    .collect();
                format!("redis+cluster://{}", hosts.join(","))
            }
            Self::Sentinels(sentinels) => {
                format!(
                    "redis+sentinel://{}/{}",
                    sentinels.hosts(),
                    sentinels.master_name()
                )
            }
        }
    }

    fn flush(&self) {
        match self {
            Self::Cluster(cluster) => cluster.flush(),
            Self::Sentinels(sentinels) => sentinels.flush(),
        }
    }

    fn dump(&self) -> Vec<u8> {
        match self {
            Self::Cluster(cluster) => cluster.dump(),
            Self::Sentinels(sentinels) => sentinels.dump(),
        }
    }
}

pub(super) struct World {
    pub store: Store,
    pub handshakes: Handshakes,
    pub exchanges: Exchanges,
    pub clock: ManualClock,
    pub ring: watch::Sender<Arc<KeyRing>>,
    pub place: Place,
}

impl World {
    pub async fn embedded() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        let store = Store::embedded(directory.path(), clock.clock()).await.unwrap();
        Self::new(store, clock, Place::Directory(directory))
    }

    pub async fn redis() -> Self {
        let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
        let store = Store::redis(&redis.url().into()).await.unwrap();
        Self::new(store, ManualClock::default(), Place::Redis(redis))
    }

    /// One on servers that hold nothing.
    pub async fn on(shared: &Shared) -> Self {
        shared.flush();
        let store = Store::redis(&shared.url().into()).await.unwrap();
        Self::new(store, ManualClock::default(), Place::Shared(shared.clone()))
    }

    fn new(store: Store, clock: ManualClock, place: Place) -> Self {
        let (ring, watched) = watch::channel(Arc::new(new_ring("first")));
        let records = SealedStore::new(store.clone(), watched, clock.clock(), Chance::system());
        let (handshakes, exchanges) = (Handshakes::new(records.clone()), Exchanges::new(records));
        Self {
            store,
            handshakes,
            exchanges,
            clock,
            ring,
            place,
        }
    }

    /// What somebody reads who took the store's bytes.
    pub fn dump(&self) -> Vec<u8> {
        match &self.place {
            Place::Directory(directory) => files_below(directory.path()),
            Place::Redis(redis) => redis.dump(),
            Place::Shared(shared) => shared.dump(),
        }
    }

    pub async fn stage(&self, key: &HandshakeKey) -> Stage {
        self.handshakes.find(key).await.unwrap().unwrap().stage
    }

    /// A hosted handshake that waits for its callback.
    pub async fn hosted(&self, state: &str) -> HandshakeKey {
        let key = HandshakeKey::of_state(&state.into());
        self.handshakes.begin(&key, request(hosted_form())).await.unwrap();
        key
    }

    /// A hosted handshake that waits for its claim.
    pub async fn attached(&self, state: &str) -> HandshakeKey {
        let key = self.hosted(state).await;
        let attached = self
            .handshakes
            .attach(&key, &callback("the-code"), agree)
            .await
            .unwrap();
        assert!(matches!(attached, Attach::Attached(_)));
        key
    }

    /// A handshake on the caller's own callback.
    pub async fn own_callback(&self, state: &str) -> HandshakeKey {
        let key = HandshakeKey::of_state(&state.into());
        self.handshakes
            .begin(&key, request(Form::OwnCallback))
            .await
            .unwrap();
        key
    }
}

pub(super) fn new_ring(id: &str) -> KeyRing {
    KeyRing::parse(&KeyRing::generate(&Chance::system(), id)).unwrap()
}

pub(super) fn hosted_form() -> Form {
    Form::Hosted {
        connect_session: None,
        return_url: Some("https://app.example/done".to_owned()),
        caller_state: Some("the-callers-state".into()),
        browser_binding: Some(Digest::of("nonce")),
    }
}

pub(super) fn request(form: Form) -> AuthorizationRequest {
    AuthorizationRequest {
        organization_id: OrganizationId(7),
        connector: "intercom".parse().unwrap(),
        form,
        client_id: "client".to_owned(),
        client_secret: Some("the-client-secret".into()),
        callback_url: "https://app.example/callback".to_owned(),
        scope: "read".to_owned(),
        code_verifier: Some("the-code-verifier".into()),
        temporary: None,
        parameters: BTreeMap::from([("subdomain".to_owned(), "acme".to_owned())]),
        kept: BTreeMap::new(),
        token_url: Some("https://vendor.example/token".to_owned()),
        issuer: None,
        iss_required: false,
    }
}

pub(super) fn callback(code: &str) -> Callback {
    Callback {
        code: SecretString::from(code),
        parameters: BTreeMap::new(),
    }
}

pub(super) fn exchange(name: &str) -> Digest {
    Digest::of(name)
}

/// The check of a caller that has nothing against it.
#[expect(clippy::unnecessary_wraps, reason = "the shape of a check")]
pub(super) fn agree(_: &AuthorizationRequest) -> Result<(), &'static str> {
    Ok(())
}

/// Files are made longer than what they hold: the zeros at their ends are left out.
fn files_below(directory: &Path) -> Vec<u8> {
    let bytes = |path: PathBuf| {
        if path.is_dir() {
            return files_below(&path);
        }
        let mut bytes = std::fs::read(path).unwrap();
        bytes.truncate(
            bytes
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |last| last + 1),
        );
        bytes
    };
    std::fs::read_dir(directory)
        .unwrap()
        .flat_map(|entry| bytes(entry.unwrap().path()))
        .collect()
}
