//! Redis: one multiplexed connection a core, opened again whenever it breaks, answers late or turns read-only.

mod connection;
mod look;

use std::sync::Arc;
use std::time::Duration;

use ferrule_cores::PerCore;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, cmd};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use self::connection::Connection;
pub use self::look::RedisInspection;
use super::redis_address::RedisAddress;
use super::store::{StoreError, Ttl};

/// How long finding the primary, connecting and checking its policy may take together.
const OPEN: Duration = Duration::from_secs(2);

/// `KEYS[1]`; expected (a flag, then the value), new (a flag, then the value), time to live in milliseconds
/// or nothing to keep it. It touches one key, so that it works in a cluster.
const COMPARE_AND_SET: &str = "
local held = redis.call('GET', KEYS[1])
if ARGV[1] == '1' then
  if held ~= ARGV[2] then return 0 end
elseif held then
  return 0
end
if ARGV[3] == '0' then
  redis.call('DEL', KEYS[1])
elseif ARGV[5] == '' then
  redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[5])
end
return 1";

/// The store in Redis (6.0 or later).
#[derive(Clone, Debug)]
pub struct RedisStore {
    address: Arc<RedisAddress>,
    shown: Arc<str>,
    /// For each core, so that no answer waits for another to wake up.
    links: Arc<PerCore<Mutex<Link>>>,
}

/// The connection in use, if one is.
#[derive(Default, Debug)]
struct Link {
    connection: Option<Connection>,
    /// Counts connections, so that a late failure of an old one does not end its successor.
    generation: u64,
    failure: Option<(Instant, StoreError)>,
}

impl RedisStore {
    /// Connects, and checks that this Redis evicts nothing; see [`super::Store::redis`].
    pub(super) async fn open(address: RedisAddress) -> Result<Self, StoreError> {
        let shown = format!("Redis at {address}").into();
        let store = Self {
            address: Arc::new(address),
            shown,
            links: Arc::default(),
        };
        match store.connection(Instant::now()).await {
            Err(error @ StoreError::Unavailable { .. }) => tracing::warn!(%error, "starting without Redis"),
            other => drop(other?),
        }
        Ok(store)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.run(cmd("GET").arg(key)).await
    }

    pub(super) async fn put(&self, key: &str, value: &[u8], ttl: Duration) -> Result<(), StoreError> {
        self.run(cmd("SET").arg(key).arg(value).arg("PX").arg(milliseconds(ttl)))
            .await
    }

    pub(super) async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Ttl,
    ) -> Result<bool, StoreError> {
        let mut command = cmd("EVAL");
        command.arg(COMPARE_AND_SET).arg(1).arg(key);
        for value in [expected, new] {
            command
                .arg(u8::from(value.is_some()))
                .arg(value.unwrap_or_default());
        }
        match ttl {
            Ttl::Keep => command.arg(""),
            Ttl::Set(ttl) => command.arg(milliseconds(ttl)),
        };
        self.run(&command).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.run(cmd("DEL").arg(key)).await
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.leave_outdated().await;
        self.run(&cmd("PING")).await
    }

    /// Leaves a server that sentinels no longer call the primary. For some seconds it does not know that itself, and
    /// takes writes that are lost once it does.
    async fn leave_outdated(&self) {
        for link in self.links.each() {
            let held = {
                let link = link.lock().await;
                link.connection
                    .clone()
                    .map(|connection| (link.generation, connection))
            };
            let (Some((generation, connection)), Ok(authorities)) = (held, self.authorities().await) else {
                continue;
            };
            let outdated = timeout(OPEN, connection.is_outdated(&self.address.form, authorities)).await;
            if matches!(outdated, Ok(Ok(true))) {
                tracing::info!(store = %self.shown, "the sentinels name another primary");
                discard(link, generation).await;
            }
        }
    }

    /// Sends the command, and once more where the connection turned out to be gone or read-only.
    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let asked_at = Instant::now();
        let mut again = true;
        loop {
            let (generation, mut connection) = self.connection(asked_at).await?;
            let error = match command.query_async(&mut connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let read_only = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
            if read_only || error.is_io_error() || error.is_unrecoverable_error() {
                discard(self.link(), generation).await;
            }
            if !(again && (read_only || error.is_connection_dropped())) {
                return Err(self.report(&error));
            }
            again = false;
        }
    }

    fn link(&self) -> &Mutex<Link> {
        self.links.get_or_init(Mutex::default)
    }

    /// The connection in use, or a new one. Callers that waited while an attempt failed share its failure:
    /// no queue builds up in front of a Redis that is away.
    async fn connection(&self, asked_at: Instant) -> Result<(u64, Connection), StoreError> {
        let mut link = self.link().lock().await;
        if let Some(connection) = &link.connection {
            return Ok((link.generation, connection.clone()));
        }
        if let Some((failed_at, error)) = &link.failure
            && *failed_at > asked_at
        {
            return Err(error.clone());
        }
        let opened = timeout(OPEN, self.connect())
            .await
            .unwrap_or_else(|_| Err(self.unavailable(format!("no connection within {} s", OPEN.as_secs()))));
        match opened {
            Ok(connection) => {
                link.generation += 1;
                link.connection = Some(connection.clone());
                Ok((link.generation, connection))
            }
            Err(error) => {
                link.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        let mut connection = Connection::open(&self.address.form, self.authorities().await?)
            .await
            .map_err(|error| self.report(&error))?;
        let policies = connection
            .eviction_policies()
            .await
            .map_err(|error| self.report(&error))?;
        let evicting = policies.iter().find(|policy| *policy != "noeviction");
        match (policies.as_slice(), evicting) {
            ([], _) => Err(self.evicts("not readable: allow INFO")),
            (_, Some(policy)) => Err(self.evicts(policy)),
            (_, None) => Ok(connection),
        }
    }

    /// The authorities to believe in place of the public ones, as PEM; read anew for every connection.
    async fn authorities(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = &self.address.authorities else {
            return Ok(None);
        };
        let read = tokio::fs::read(file).await;
        read.map(Some).map_err(|error| StoreError::Refused {
            store: self.shown.clone(),
            why: format!("sslrootcert: {} cannot be read: {error}", file.display()),
        })
    }

    fn evicts(&self, policy: &str) -> StoreError {
        StoreError::Evicts {
            store: self.shown.clone(),
            policy: policy.to_owned(),
        }
    }

    fn unavailable(&self, why: String) -> StoreError {
        StoreError::Unavailable {
            store: self.shown.clone(),
            why,
        }
    }

    /// What went wrong, by kind and code alone: Redis repeats arguments in some of its messages.
    fn report(&self, error: &RedisError) -> StoreError {
        let why = match error.code() {
            Some(code) => code.to_owned(),
            None if error.is_io_error() => error.to_string(),
            None => error.category().to_owned(),
        };
        let refused = match error.kind() {
            ErrorKind::Extension => !matches!(error.code(), Some("OOM" | "BUSY" | "MISCONF" | "NOREPLICAS")),
            ErrorKind::AuthenticationFailed
            | ErrorKind::UnexpectedReturnType
            | ErrorKind::InvalidClientConfig
            | ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm) => true,
            _ => false,
        };
        if refused {
            StoreError::Refused {
                store: self.shown.clone(),
                why,
            }
        } else {
            self.unavailable(why)
        }
    }
}

/// Ends this link's connection, unless it is another by now.
async fn discard(link: &Mutex<Link>, generation: u64) {
    let mut link = link.lock().await;
    if link.generation == generation {
        link.connection = None;
    }
}

/// Redis knows no time to live of zero.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX / 2).max(1)
}
