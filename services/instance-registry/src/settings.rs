//! What the registry is told from outside.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_seal::KeyRing;
use ferrule_service::settings::{GrpcTlsFiles, Layers, SettingsError};
use ferrule_wire::Peers;
use secrecy::{ExposeSecret as _, SecretString};

/// The settings of the registry as a service of its own.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where gRPC is served.
    pub grpc_listen: SocketAddr,
    /// Where `/healthz`, `/readyz` and `/metrics` are served.
    pub admin_listen: SocketAddr,
    /// The brokers' gRPC addresses, comma separated.
    pub broker_url: String,
    /// The files of mTLS between services; `None`: plain text.
    pub tls: Option<GrpcTlsFiles>,
    /// Whose certificate stands for which peer.
    pub peers: Peers,
    /// Whether the gRPC calls are told to whoever asks.
    pub reflection: bool,
    /// Connector files that add to or override the built-in ones.
    pub connectors_dir: Option<PathBuf>,
    /// Whether vendor addresses may be loopback or private.
    pub allow_private_networks: bool,
    /// How long calls in flight may take once the process was told to stop.
    pub drain: Duration,
    /// What is kept, and under which keys.
    pub state: StateSettings,
}

/// What the registry keeps and under which keys, in whichever form it runs.
#[derive(Clone, Debug)]
pub struct StateSettings {
    /// `postgres://…` or `sqlite://…`.
    pub database_url: SecretString,
    /// The key ring.
    pub key_ring: KeyRing,
    /// The file that the ring came from, read again every 30 s.
    pub key_ring_file: Option<PathBuf>,
    /// The secrets of the first organization and user.
    pub bootstrap: Bootstrap,
    /// How tokens are kept fresh.
    pub refresh: RefreshSettings,
}

/// How tokens are kept fresh.
#[derive(Clone, Copy, Debug)]
pub struct RefreshSettings {
    /// The most refreshes a second that this process begins by itself, for each connector.
    pub rate: NonZeroU32,
    /// How long a refresh token may stay unused, whatever its access token's lifetime; `None`: as long as that lasts.
    pub idle: Option<Duration>,
}

/// Name and secret of the first organization, secret of its first user, where they were given.
#[derive(Clone, Debug, Default)]
pub struct Bootstrap {
    /// What customers read.
    pub name: Option<String>,
    /// The organization's.
    pub organization: Option<SecretString>,
    /// The user's.
    pub user: Option<SecretString>,
}

impl Settings {
    /// Reads the settings of a service of its own; an error names the variable and says what to write.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let drain = layers.required("FERRULE_DRAIN_SECONDS", |layers, name| {
            layers.number(name, 0..=3600)
        })?;
        Ok(Self {
            grpc_listen: layers.required("FERRULE_GRPC_LISTEN", Layers::address)?,
            admin_listen: layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?,
            broker_url: layers.required("FERRULE_BROKER_URL", Layers::grpc_urls)?,
            tls: layers.grpc_tls_files()?,
            peers: peers(layers)?,
            reflection: layers.required("FERRULE_GRPC_REFLECTION", Layers::flag)?,
            connectors_dir: layers.path("FERRULE_CONNECTORS_DIR")?,
            allow_private_networks: layers.flag("FERRULE_ALLOW_PRIVATE_NETWORKS")?.unwrap_or(false),
            drain: Duration::from_secs(drain),
            state: StateSettings::from_layers(layers)?,
        })
    }
}

/// Whose certificate stands for which peer: `FERRULE_GRPC_PEERS`.
pub fn peers(layers: &Layers) -> Result<Peers, SettingsError> {
    const NAME: &str = "FERRULE_GRPC_PEERS";
    Peers::parse(&layers.list(NAME)?).map_err(|problem| {
        let instead = "role=name, comma separated, the roles gateway, instance-registry and client";
        layers.unfit(NAME, &problem, instead)
    })
}

impl StateSettings {
    /// Reads what must be given wherever nothing is made by itself: database and key ring.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let ring = layers.required("FERRULE_MASTER_KEYS", Layers::secret)?;
        let key_ring = KeyRing::parse(&ring).map_err(|error| {
            let problem = format!("cannot be used ({error})");
            layers.unfit(
                "FERRULE_MASTER_KEYS",
                &problem,
                "id:base64(32 bytes), comma separated",
            )
        })?;
        Ok(Self {
            database_url: layers.required("FERRULE_DATABASE_URL", Layers::secret)?,
            key_ring,
            key_ring_file: layers.secret_file("FERRULE_MASTER_KEYS").map(Into::into),
            bootstrap: Bootstrap::from_layers(layers)?,
            refresh: RefreshSettings::from_layers(layers)?,
        })
    }
}

impl RefreshSettings {
    /// Reads the pace and the longest idleness.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let rate = layers.required("FERRULE_REFRESH_RATE", |layers, name| {
            layers.number(name, 1..=100_000)
        })?;
        let idle = layers.number("FERRULE_REFRESH_IDLE_DAYS", 1..=3650)?;
        Ok(Self {
            rate: u32::try_from(rate)
                .ok()
                .and_then(NonZeroU32::new)
                .unwrap_or(NonZeroU32::MIN),
            idle: idle.map(|days| Duration::from_hours(24 * days)),
        })
    }
}

impl Bootstrap {
    /// Reads the name and the two secrets; each may be absent.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let name = layers.text(NAME)?;
        if name.as_ref().is_some_and(|name| !is_name(name)) {
            let wanted = "1 to 100 characters without control characters";
            return Err(layers.unfit(NAME, "is no usable name", wanted));
        }
        let read = |name| match layers.secret(name)? {
            Some(secret) if !is_secret(secret.expose_secret()) => Err(layers.unfit(
                name,
                "is no usable secret",
                "16 to 256 printable characters without comma or space",
            )),
            secret => Ok(secret),
        };
        Ok(Self {
            name: name.map(|name| name.trim().to_owned()),
            organization: read("FERRULE_BOOTSTRAP_ORG_SECRET")?,
            user: read("FERRULE_BOOTSTRAP_USER_SECRET")?,
        })
    }
}

const NAME: &str = "FERRULE_BOOTSTRAP_ORG_NAME";

fn is_name(text: &str) -> bool {
    (1..=100).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control)
}

/// Whether a secret survives the `Authorization` header: `Kind SP secret`, comma separated.
fn is_secret(text: &str) -> bool {
    (16..=256).contains(&text.chars().count())
        && text
            .chars()
            .all(|c| !c.is_control() && !c.is_whitespace() && c != ',')
}

#[cfg(test)]
mod tests {
    use ferrule_model::Chance;
    use ferrule_service::settings::Form;

    use super::*;

    fn read(more: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let ring = KeyRing::generate(&Chance::system(), "k1");
        let mut given = vec![
            ("FERRULE_GRPC_LISTEN", "127.0.0.1:0"),
            ("FERRULE_BROKER_URL", "http://broker:9000"),
            ("FERRULE_DATABASE_URL", "sqlite://x.db"),
            ("FERRULE_MASTER_KEYS", ring.expose_secret()),
        ];
        given.extend(more);
        let layers = Layers::read(
            Form::Service,
            given.iter().map(|(name, value)| (name.into(), value.into())),
        )?;
        Settings::from_layers(&layers)
    }

    #[test]
    fn what_is_needed_is_enough() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.broker_url, "http://broker:9000");
        assert_eq!(settings.state.key_ring.sealing_key_id(), "k1");
        assert!(settings.tls.is_none() && settings.state.bootstrap.user.is_none());
    }

    #[test]
    fn what_is_wrong_is_named_and_never_shown() {
        for (set, value, named, words) in [
            (
                "FERRULE_MASTER_KEYS",
                "k1:junk",
                "FERRULE_MASTER_KEYS",
                "no usable key",
            ),
            (
                "FERRULE_GRPC_TLS_KEY",
                "/x/key.pem",
                "FERRULE_GRPC_TLS_CERT",
                "is not set",
            ),
            (
                "FERRULE_BOOTSTRAP_USER_SECRET",
                "too short",
                "FERRULE_BOOTSTRAP_USER_SECRET",
                "16 to 256 printable characters",
            ),
            (
                "FERRULE_BOOTSTRAP_ORG_NAME",
                " ",
                "FERRULE_BOOTSTRAP_ORG_NAME",
                "1 to 100 characters",
            ),
            (
                "FERRULE_BOOTSTRAP_ORG_SECRET",
                "with,a,comma,inside",
                "FERRULE_BOOTSTRAP_ORG_SECRET",
                "16 to 256 printable characters",
            ),
            (
                "FERRULE_GRPC_PEERS",
                "broker=x",
                "FERRULE_GRPC_PEERS",
                "a role \"broker\"",
            ),
            (
                "FERRULE_REFRESH_RATE",
                "0",
                "FERRULE_REFRESH_RATE",
                "a number from 1",
            ),
        ] {
            let error = read(&[(set, value)]).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains(words), "{error}");
            assert!(
                !error.contains("junk") && !error.contains("comma,inside"),
                "{error}"
            );
        }
    }
}
