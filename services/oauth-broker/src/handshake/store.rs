//! Where sealed records lie: Redis in the cluster form, a file in the embedded one.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ferrule_model::Clock;
use metrics::Histogram;
use secrecy::SecretString;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::embedded::EmbeddedStore;
use super::redis::{RedisInspection, RedisStore};
use super::redis_address::{InvalidRedisAddress, RedisAddress};

/// Measures calls of the store.
pub(crate) const STORE_SECONDS: &str = "ferrule_handshake_store_seconds";

/// Keys and values with a time to live, and one atomic compare-and-set. Clones share one connection or file.
#[derive(Clone, Debug)]
pub enum Store {
    /// Shared by every broker of a cluster.
    Redis(RedisStore),
    /// Owned by the one process of the embedded form.
    Embedded(EmbeddedStore),
}

/// How long a changed entry lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// As long as it had.
    Keep,
    /// This long from now.
    Set(Duration),
}

/// What a write survives in the embedded form. Redis has its own settings for that and ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The end of the process, `kill -9` too.
    Process,
    /// The end of power: written through to the disk before the call returns.
    Disk,
}

/// Why the store did not answer. No variant shows a password, a key or a value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, is starting, is full or is no primary: the same call may work later.
    /// Whether a write happened is not known.
    #[error("{store} is unavailable: {why}")]
    Unavailable {
        /// Where it is, without credentials.
        store: Arc<str>,
        /// What went wrong.
        why: String,
    },
    /// It answers and says no (credentials, permissions, another kind of value): someone must act.
    #[error("{store} refused the request: {why}")]
    Refused {
        /// Where it is, without credentials.
        store: Arc<str>,
        /// What it said.
        why: String,
    },
    /// This Redis throws entries away when it is full, and with them tokens.
    #[error("{store} may evict handshakes: its maxmemory-policy is {policy}, set it to noeviction")]
    Evicts {
        /// Where it is, without credentials.
        store: Arc<str>,
        /// Its `maxmemory-policy`, or that it cannot be read.
        policy: String,
    },
    /// `FERRULE_REDIS_URL` cannot be read.
    #[error(transparent)]
    Address(#[from] InvalidRedisAddress),
}

impl Store {
    /// Opens Redis at one of the forms of [`RedisAddress`].
    ///
    /// A Redis that is away is no error: the store reports [`StoreError::Unavailable`] until it is back, which
    /// [`Store::ping`] tells. A Redis that evicts, or refuses the credentials, is.
    pub async fn redis(url: &SecretString) -> Result<Self, StoreError> {
        Ok(Self::Redis(RedisStore::open(RedisAddress::parse(url)?).await?))
    }

    /// What the Redis at one of those forms says of itself, changing nothing. The errors are those of [`Store::redis`], and
    /// one that is away is an error too.
    pub async fn look_at_redis(url: &SecretString, clock: &Clock) -> Result<RedisInspection, StoreError> {
        RedisStore::look(RedisAddress::parse(url)?, clock).await
    }

    /// Opens or creates the file in `directory`, which nobody else may have open.
    pub async fn embedded(directory: &Path, clock: Clock) -> Result<Self, StoreError> {
        Ok(Self::Embedded(EmbeddedStore::open(directory, clock).await?))
    }

    /// The value under `key`, unless there is none or its time is over.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let call = async {
            match self {
                Self::Redis(store) => store.get(key).await,
                Self::Embedded(store) => store.get(key).await,
            }
        };
        self.measured("GET", call).await
    }

    /// Writes `value` under `key` for `ttl`, whatever was there.
    pub async fn put(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let call = async {
            match self {
                Self::Redis(store) => store.put(key, value, ttl).await,
                Self::Embedded(store) => store.put(key, value, ttl, durability).await,
            }
        };
        self.measured("SET", call).await
    }

    /// Writes `value` under `key` for `ttl` if nothing is there; tells whether it did.
    pub async fn put_if_absent(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        durability: Durability,
    ) -> Result<bool, StoreError> {
        self.compare_and_set(key, None, Some(value), Ttl::Set(ttl), durability)
            .await
    }

    /// Replaces `expected` by `new` in one atomic step if it is what `key` holds (`None`: nothing); tells
    /// whether it did.
    ///
    /// `false` after a connection broke may hide that this very call wrote: whoever writes values that occur
    /// once only, as sealed ones do, sees that by reading again.
    pub async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Ttl,
        durability: Durability,
    ) -> Result<bool, StoreError> {
        let call = async {
            match self {
                Self::Redis(store) => store.compare_and_set(key, expected, new, ttl).await,
                Self::Embedded(store) => store.compare_and_set(key, expected, new, ttl, durability).await,
            }
        };
        self.measured("COMPARE_AND_SET", call).await
    }

    /// Removes what is under `key`, if anything.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let call = async {
            match self {
                Self::Redis(store) => store.delete(key).await,
                Self::Embedded(store) => store.delete(key).await,
            }
        };
        self.measured("DEL", call).await
    }

    /// Succeeds when the store would answer now.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let call = async {
            match self {
                Self::Redis(store) => store.ping().await,
                Self::Embedded(store) => store.ping().await,
            }
        };
        self.measured("PING", call).await
    }

    /// Runs the call in a span of its own, and tells how long it took. No key and no value is told.
    async fn measured<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        // Nearly all calls are these.
        static WRITTEN: OnceLock<Histogram> = OnceLock::new();
        let span = tracing::info_span!(
            target: "ferrule_trace",
            "store",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = self.system(),
            db.operation.name = operation,
        );
        let began = Instant::now();
        let answer = call.instrument(span).await;
        let outcome = if answer.is_ok() { "ok" } else { "error" };
        let handle = || metrics::histogram!(STORE_SECONDS, "operation" => operation, "outcome" => outcome);
        let took = began.elapsed();
        if operation == "SET" && answer.is_ok() {
            WRITTEN.get_or_init(handle).record(took);
        } else {
            handle().record(took);
        }
        answer
    }

    fn system(&self) -> &'static str {
        match self {
            Self::Redis(_) => "redis",
            Self::Embedded(_) => "fjall",
        }
    }
}
