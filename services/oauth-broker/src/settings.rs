//! The broker's settings.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_oauth::return_url;
use ferrule_outbound::Roots;
use ferrule_service::settings::{Layers, SettingsError};
use ferrule_wire::Peers;
use secrecy::SecretString;

/// What the broker itself needs, whichever form it runs in.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How browsers reach the gateway; no slash at the end. The hosted callbacks lie below it.
    pub public_url: String,
    /// The exact `returnUrl`s allowed; `None`: any https URL, or http on loopback.
    pub return_urls: Option<Vec<String>>,
    /// Whether a vendor's address may be loopback or private.
    pub allow_private_networks: bool,
    /// Who may sign a vendor's certificate.
    pub vendor_roots: Roots,
}

impl Settings {
    /// Reads them; every one has a default but, in the cluster form, the public URL.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        let public_url = layers.required("FERRULE_PUBLIC_URL", Layers::url)?;
        let return_urls = layers.list("FERRULE_RETURN_URLS")?;
        for address in &return_urls {
            return_url::check(address, Some(&return_urls)).map_err(|problem| {
                let words = format!("holds an address that no login could go back to ({problem})");
                layers.unfit("FERRULE_RETURN_URLS", &words, "absolute URLs, comma separated")
            })?;
        }
        Ok(Self {
            public_url: public_url.trim_end_matches('/').to_owned(),
            return_urls: (!return_urls.is_empty()).then_some(return_urls),
            allow_private_networks: layers.required("FERRULE_ALLOW_PRIVATE_NETWORKS", Layers::flag)?,
            vendor_roots: vendor_roots(layers)?,
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

/// What the broker needs besides when it is a process of its own.
#[derive(Clone, Debug)]
pub struct ProcessSettings {
    /// The broker's gRPC address.
    pub grpc_listen: SocketAddr,
    /// The address of health and metrics.
    pub admin_listen: SocketAddr,
    /// Where handshakes lie.
    pub redis_url: SecretString,
    /// The key ring.
    pub master_keys: SecretString,
    /// A folder of connector files.
    pub connectors_dir: Option<PathBuf>,
    /// Whose certificate stands for which peer.
    pub peers: Peers,
    /// Whether the gRPC calls are told to whoever asks.
    pub reflection: bool,
    /// How long calls in flight may take once the broker was told to stop.
    pub drain: Duration,
}

impl ProcessSettings {
    /// Reads them; one that is missing is an error that names its variable.
    pub fn from_layers(layers: &Layers) -> Result<Self, SettingsError> {
        Ok(Self {
            grpc_listen: layers.required("FERRULE_GRPC_LISTEN", Layers::address)?,
            admin_listen: layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?,
            redis_url: layers.required("FERRULE_REDIS_URL", Layers::secret)?,
            master_keys: layers.required("FERRULE_MASTER_KEYS", Layers::secret)?,
            connectors_dir: layers.path("FERRULE_CONNECTORS_DIR")?,
            peers: Peers::parse(&layers.list("FERRULE_GRPC_PEERS")?).map_err(|problem| {
                let instead = "role=name, comma separated, the roles gateway, instance-registry and client";
                layers.unfit("FERRULE_GRPC_PEERS", &problem, instead)
            })?,
            reflection: layers.required("FERRULE_GRPC_REFLECTION", Layers::flag)?,
            drain: Duration::from_secs(layers.required("FERRULE_DRAIN_SECONDS", |layers, name| {
                layers.number(name, 0..=3600)
            })?),
        })
    }
}

#[cfg(test)]
mod tests {
    use ferrule_service::settings::Form;

    use super::*;

    #[test]
    fn return_urls_that_could_never_be_used_are_an_error() {
        let read = |urls: &str| {
            let given = [
                ("FERRULE_PUBLIC_URL", "https://ferrule.example"),
                ("FERRULE_RETURN_URLS", urls),
            ];
            let given = given.map(|(name, value)| (name.into(), value.into()));
            Settings::from_layers(&Layers::read(Form::Service, given).unwrap())
        };
        let settings = read("https://app.example/done, http://localhost:3000/done").unwrap();
        assert_eq!(settings.return_urls.map(|urls| urls.len()), Some(2));
        assert_eq!(read("").unwrap().return_urls, None);
        for bad in [
            "app.example/done",
            "https://app.example/done#x",
            "https://me@app.example/",
        ] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.starts_with("FERRULE_RETURN_URLS"), "{error}");
        }
    }
}
