//! One connection, to a server of its own or to a cluster.

use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _,
    Pipeline, RedisFuture, RedisResult, ServerErrorKind, TlsCertificates, TlsMode, Value, cmd,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::handshake::redis_address::Form;

/// How long a TCP and TLS handshake may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long one answer may take.
const RESPONSE: Duration = Duration::from_secs(2);

/// One server, or all of a cluster's.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    /// The server that sentinels called the primary, and its address.
    Primary(MultiplexedConnection, String),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Finds the primary, or the cluster's nodes, and connects. `authorities`: whom to believe in place of the public
    /// ones, as PEM.
    pub(super) async fn open(form: &Form, authorities: Option<Vec<u8>>) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(RESPONSE));
        let certificates = authorities.map(believing);
        match form {
            Form::Single(url) => {
                let client = match certificates {
                    Some(certificates) => Client::build_with_tls(url.expose_secret(), certificates)?,
                    None => Client::open(url.expose_secret())?,
                };
                let connecting = client.get_multiplexed_async_connection_with_config(&config);
                Ok(Self::Single(connecting.await?))
            }
            Form::Cluster(nodes) => {
                let mut builder = ClusterClientBuilder::new(nodes.iter().map(SecretString::expose_secret))
                    .connection_timeout(CONNECT)
                    .response_timeout(RESPONSE)
                    .overall_response_timeout(Some(RESPONSE));
                if let Some(certificates) = certificates {
                    builder = builder.certs(certificates);
                }
                Ok(Self::Cluster(builder.build()?.get_async_connection().await?))
            }
            Form::Sentinel {
                sentinels,
                master,
                server,
            } => {
                let mut sentinels = sentinel_client(sentinels, master, server, certificates)?;
                let primary = sentinels.async_get_client().await?;
                let address = address(&primary);
                let connecting = primary.get_multiplexed_async_connection_with_config(&config);
                Ok(Self::Primary(connecting.await?, address))
            }
        }
    }

    /// Whether this is a server that sentinels no longer call the primary. Errors when none of them can be asked.
    pub(super) async fn is_outdated(&self, form: &Form, authorities: Option<Vec<u8>>) -> RedisResult<bool> {
        let Form::Sentinel {
            sentinels,
            master,
            server,
        } = form
        else {
            return Ok(false);
        };
        let mut sentinels = sentinel_client(sentinels, master, server, authorities.map(believing))?;
        let primary = sentinels.async_get_client().await?;
        Ok(!matches!(self, Self::Primary(_, held) if *held == address(&primary)))
    }

    /// `maxmemory-policy` of each node; none where they do not tell.
    pub(super) async fn eviction_policies(&mut self) -> RedisResult<Vec<String>> {
        match cmd("INFO").arg("memory").query_async(self).await {
            Ok(memory) => Ok(said_by_each(&memory, "maxmemory_policy:")),
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Whether each node keeps an append-only file; `None` where they do not tell.
    pub(super) async fn append_only(&mut self) -> Option<bool> {
        let persistence = cmd("INFO").arg("persistence").query_async(self).await.ok()?;
        let kept = said_by_each(&persistence, "aof_enabled:");
        (!kept.is_empty()).then(|| kept.iter().all(|kept| kept == "1"))
    }
}

fn believing(authorities: Vec<u8>) -> TlsCertificates {
    TlsCertificates {
        client_tls: None,
        root_cert: Some(authorities),
    }
}

fn address(client: &Client) -> String {
    client.get_connection_info().addr().to_string()
}

fn sentinel_client(
    sentinels: &[SecretString],
    master: &str,
    server: &SecretString,
    certificates: Option<TlsCertificates>,
) -> RedisResult<SentinelClient> {
    let sentinels = sentinels
        .iter()
        .map(|url| url.expose_secret().into_connection_info());
    let sentinels = sentinels.collect::<RedisResult<Vec<_>>>()?;
    let server = server.expose_secret().into_connection_info()?;

    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)?
        .set_client_to_redis_db(server.redis_settings().db());
    if matches!(server.addr(), ConnectionAddr::TcpTls { .. }) {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates {
        builder = builder
            .set_client_to_redis_certificates(certificates.clone())
            .set_client_to_sentinel_certificates(certificates);
    }
    if let Some(user) = server.redis_settings().username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = server.redis_settings().password() {
        builder = builder.set_client_to_redis_password(password);
    }
    // All of them have the same.
    let of_sentinels = sentinels.first().map(ConnectionInfo::redis_settings);
    if let Some(user) = of_sentinels.and_then(|settings| settings.username()) {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = of_sentinels.and_then(|settings| settings.password()) {
        builder = builder.set_client_to_sentinel_password(password);
    }
    builder.build()
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) | Self::Primary(connection, _) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) | Self::Primary(connection, _) => {
                connection.req_packed_commands(pipeline, offset, count)
            }
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) | Self::Primary(connection, _) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// What follows `name` in the `INFO` of each node.
fn said_by_each(info: &Value, name: &str) -> Vec<String> {
    let nodes: Vec<&Value> = match info {
        Value::Map(nodes) => nodes.iter().map(|(_, node)| node).collect(),
        node => vec![node],
    };
    let said = |node: &Value| {
        let text = redis::from_redis_value_ref::<String>(node).ok()?;
        text.lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|said| said.trim().to_owned())
    };
    nodes.into_iter().filter_map(said).collect()
}
