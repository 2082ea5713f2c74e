//! The gateway's settings.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_outbound::Roots;
use ferrule_service::settings::{GrpcTlsFiles, Layers, SettingsError};
use ipnet::IpNet;

/// What the gateway itself needs, whichever form it runs in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How browsers and vendors reach this gateway; no slash at the end.
    pub public_url: String,
    /// The exact `returnUrl`s allowed; `None`: any https URL, or http on loopback.
    pub return_urls: Option<Vec<String>>,
    /// Whether the catalogue and `oauth/url` answer callers without credentials.
    pub anonymous_catalogue: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How long requests in flight may take once the gateway was told to stop.
    pub drain: Duration,
    /// Whether vendor addresses may be loopback or private.
    pub allow_private_networks: bool,
    /// Who may sign a vendor's certificate.
    pub vendor_roots: Roots,
    /// What calls through instances of one organization may take.
    pub organization_limit: Limit,
    /// What calls through one instance may take.
    pub instance_limit: Limit,
}

/// How many calls may be made; absent: any number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limit {
    /// In a second.
    pub rate: Option<NonZeroU32>,
    /// At once.
    pub concurrency: Option<NonZeroU32>,
}

impl Limit {
    fn from_layers(layers: &Layers, rate: &str, concurrency: &str) -> Result<Self, SettingsError> {
        let number = |name| {
            let number = layers.number(name, 1..=u64::from(u32::MAX))?;
            Ok(number
                .and_then(|number| u32::try_from(number).ok())
                .and_then(NonZeroU32::new))
        };
        Ok(Self {
            rate: number(rate)?,
            concurrency: number(concurrency)?,
        })
    }
}

impl Settings {
    /// Reads them; every one has a default but, in the cluster form, the public URL.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let public_url = layers.required("FERRULE_PUBLIC_URL", Layers::url)?;
        let return_urls = layers.list("FERRULE_RETURN_URLS")?;
        Ok(Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            return_urls: (!return_urls.is_empty()).then_some(return_urls),
            anonymous_catalogue: layers.required("FERRULE_ANONYMOUS_CATALOGUE", Layers::flag)?,
            trusted_proxies: layers.networks("FERRULE_TRUSTED_PROXIES")?,
            drain: Duration::from_secs(layers.required("FERRULE_DRAIN_SECONDS", |layers, name| {
                layers.number(name, 0..=3600)
            })?),
            allow_private_networks: layers.required("FERRULE_ALLOW_PRIVATE_NETWORKS", Layers::flag)?,
            vendor_roots: vendor_roots(layers)?,
            organization_limit: Limit::from_layers(
                layers,
                "FERRULE_LIMIT_ORGANIZATION_RATE",
                "FERRULE_LIMIT_ORGANIZATION_CONCURRENCY",
            )?,
            instance_limit: Limit::from_layers(
                layers,
                "FERRULE_LIMIT_INSTANCE_RATE",
                "FERRULE_LIMIT_INSTANCE_CONCURRENCY",
            )?,
        })
    }
}

/// Mozilla's authorities, and the operator's own.
fn vendor_roots(layers: &Layers) -> Result<Roots, SettingsError> {
    let Some(file) = layers.path("FERRULE_VENDOR_CA")? else {
        return Ok(Roots::mozilla());
    };
    Roots::with_file(&file).map_err(|problem| {
        let instead = "the path of a PEM file of certificates";
        layers.unfit("FERRULE_VENDOR_CA", &problem.to_string(), instead)
    })
}

/// What the gateway needs besides when it is a process of its own.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    /// The gateway's HTTP address.
    pub listen: SocketAddr,
    /// The address of health and metrics.
    pub admin_listen: SocketAddr,
    /// The brokers' gRPC addresses, comma separated.
    pub broker_url: String,
    /// The registries' gRPC addresses, comma separated.
    pub registry_url: String,
    /// The files of mTLS to both of them.
    pub grpc_tls: Option<GrpcTlsFiles>,
    /// A folder of connector files.
    pub connectors_dir: Option<PathBuf>,
}

impl ProcessSettings {
    /// Reads them; an address that is missing is an error that names its variable.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            listen: layers.required("FERRULE_LISTEN", Layers::address)?,
            admin_listen: layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?,
            broker_url: layers.required("FERRULE_BROKER_URL", Layers::grpc_urls)?,
            registry_url: layers.required("FERRULE_REGISTRY_URL", Layers::grpc_urls)?,
            grpc_tls: layers.grpc_tls_files()?,
            connectors_dir: layers.path("FERRULE_CONNECTORS_DIR")?,
        })
    }
}
