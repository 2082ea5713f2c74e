//! The gateway's settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_service::settings::{GrpcTlsFiles, Layers, SettingsError};
use ipnet::IpNet;

/// What the gateway itself needs, whichever form it runs in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How browsers and vendors reach this gateway; no slash at the end.
    pub public_url: String,
    /// Whether the catalogue and `oauth/url` answer callers without credentials.
    pub anonymous_catalogue: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long requests in flight may take once the gateway was told to stop.
    pub drain: Duration,
}

impl Settings {
    /// Reads them; every one has a default but, in the cluster form, the public URL.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let public_url = layers.required("FERRULE_PUBLIC_URL", Layers::url)?;
        Ok(Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            anonymous_catalogue: layers.required("FERRULE_ANONYMOUS_CATALOGUE", Layers::flag)?,
            trusted_proxies: layers.networks("FERRULE_TRUSTED_PROXIES")?,
            drain: Duration::from_secs(layers.required("FERRULE_DRAIN_SECONDS", |layers, name| {
                layers.number(name, 0..=3600)
            })?),
        })
    }
}

/// What the gateway needs besides when it is a process of its own.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    /// The gateway's HTTP address.
    pub listen: SocketAddr,
    /// The address of health and metrics.
    pub admin_listen: SocketAddr,
    /// The broker's gRPC address.
    pub broker_url: String,
    /// The registry's gRPC address.
    pub registry_url: String,
    /// The files of mTLS to both of them.
    pub grpc_tls: Option<GrpcTlsFiles>,
    /// A folder of connector files.
    pub connectors_dir: Option<PathBuf>,
    /// Whether connector files may name loopback addresses.
    pub allow_private_networks: bool,
}

impl ProcessSettings {
    /// Reads them; an address that is missing is an error that names its variable.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            listen: layers.required("FERRULE_LISTEN", Layers::address)?,
            admin_listen: layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?,
            broker_url: layers.required("FERRULE_BROKER_URL", Layers::grpc_url)?,
            registry_url: layers.required("FERRULE_REGISTRY_URL", Layers::grpc_url)?,
            grpc_tls: layers.grpc_tls_files()?,
            connectors_dir: layers.path("FERRULE_CONNECTORS_DIR")?,
            allow_private_networks: layers.required("FERRULE_ALLOW_PRIVATE_NETWORKS", Layers::flag)?,
        })
    }
}
