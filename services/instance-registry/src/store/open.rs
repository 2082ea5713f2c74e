//! Opening the database.

use std::borrow::Cow;
use std::str::FromStr as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Connection as _, Executor as _};

use super::connections::{Connections, Statements};
use super::dialect::Dialect;
use super::{Store, StoreError, migrate};

/// How many connections a process holds, and how long a call waits for one.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// The most connections held at once (on `SQLite`: that read; one more writes).
    pub connections: u32,
    /// How long a call waits for a free connection before [`StoreError::Unavailable`].
    pub acquire_timeout: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connections: 16,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// A connection idle for longer is asked for a sign of life before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

impl Store {
    /// Connects, and brings the schema up to date; any number of replicas may do so at once.
    ///
    /// - `sqlite://path`: the file is created when missing, its folder is not. A commit is on the disk.
    /// - `postgres://user:password@host/database`: `sslmode`, `sslrootcert` and so on in the query are honoured.
    ///   Prepared statements are all that belongs to a session here. A pooler that shares connections between
    ///   transactions must keep them, as `PgBouncer` does from 1.21 on with `max_prepared_statements`; behind one that
    ///   does not, `statement-cache-capacity=0` in the query does without, for more round trips.
    pub async fn open(url: &SecretString, options: &StoreOptions) -> Result<Self, StoreError> {
        let store = Self::connect(url, options).await?;
        migrate::run(&store).await?;
        Ok(store)
    }

    /// Connects, and takes the schema as it is.
    pub(super) async fn connect(url: &SecretString, options: &StoreOptions) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = Dialect::of(url.expose_secret())
            .ok_or(StoreError::Url("it must begin with postgres:// or sqlite://"))?;
        let connect = match dialect {
            Dialect::Postgres => Cow::Borrowed(url.expose_secret()),
            Dialect::Sqlite => Cow::Owned(sqlite_file(url.expose_secret())?),
        };
        let statements = statements(dialect, &connect);
        let connect =
            AnyConnectOptions::from_str(&connect).map_err(|_| StoreError::Url("it is malformed"))?;

        let (reads, writes) = match dialect {
            Dialect::Postgres => {
                let pool = pool(dialect, options, options.connections)
                    .connect_with(connect)
                    .await?;
                (pool.clone(), pool)
            }
            Dialect::Sqlite => {
                let writes = pool(dialect, options, 1).connect_with(connect.clone()).await?;
                let reads = pool(dialect, options, options.connections)
                    .connect_with(connect)
                    .await?;
                (reads, writes)
            }
        };
        let [reads, writes] = [reads, writes].map(|pool| Connections {
            pool,
            statements,
            system: dialect.system(),
        });
        Ok(Self {
            dialect,
            reads,
            writes,
        })
    }
}

fn pool(dialect: Dialect, options: &StoreOptions, connections: u32) -> AnyPoolOptions {
    let pool = AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(options.acquire_timeout)
        // A round trip before every statement would double its price: only the long idle are asked.
        .test_before_acquire(false)
        .before_acquire(|connection, about| {
            Box::pin(async move {
                if about.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for statement in dialect.on_connect() {
                    connection.execute(*statement).await?;
                }
                Ok(())
            })
        });
    match dialect {
        Dialect::Postgres => pool,
        // A file's connection does not age.
        Dialect::Sqlite => pool.idle_timeout(None).max_lifetime(None),
    }
}

/// How statements travel: `statement-cache-capacity=0` is how sqlx's URLs say that nothing may be kept.
///
/// By itself sqlx 0.9.0 would then still name each statement and leave it on the server for ever
/// (transact-rs/sqlx#4328).
fn statements(dialect: Dialect, url: &str) -> Statements {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let kept = query.split('&').all(|pair| pair != "statement-cache-capacity=0");
    match dialect {
        Dialect::Postgres if !kept => Statements::Unnamed,
        Dialect::Postgres | Dialect::Sqlite => Statements::Named,
    }
}

/// The URL with `mode=rwc`, unless it says otherwise. In memory every connection would have a database of its own.
fn sqlite_file(url: &str) -> Result<String, StoreError> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path_is_empty = path
        .trim_start_matches("sqlite:")
        .trim_start_matches('/')
        .is_empty();
    if path_is_empty || path.contains(":memory:") || query.contains("mode=memory") {
        return Err(StoreError::Url("SQLite needs the path of a file"));
    }
    Ok(match query {
        "" => format!("{path}?mode=rwc"),
        query if query.contains("mode=") => format!("{path}?{query}"),
        query => format!("{path}?{query}&mode=rwc"),
    })
}
