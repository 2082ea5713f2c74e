//! mTLS between services: one certificate, its key, and the authority that peers must come from. The files may
//! change while the service runs: connections made from then on use what they hold.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use secrecy::{ExposeSecret as _, SecretSlice};

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_secs(5);

/// gRPC is HTTP/2, and nothing else is spoken.
const PROTOCOL: &[u8] = b"h2";

/// What a service shows its peers, and whom it believes. Clones share both, and what the files bring later.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    certificate: PathBuf,
    key: PathBuf,
    authority: PathBuf,
    current: ArcSwap<Material>,
}

/// What the files held when they were last good.
struct Material {
    files: Pem,
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

/// TLS material or an address that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// Which file.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// Files that are no PEM certificate or key, or do not belong together.
    #[error("the TLS files cannot be used: {0}")]
    Unusable(String),
    /// Not a gRPC address.
    #[error(
        "{0:?} is no gRPC address: write http://host:port, https://host:port with TLS files, or dns:///host:port"
    )]
    Address(String),
}

impl Tls {
    /// Reads PEM files; each may hold several certificates (a chain, or an old and a new authority).
    pub fn from_files(certificate: &Path, key: &Path, authority: &Path) -> Result<Self, TlsError> {
        let files = Pem::read(certificate, key, authority)?;
        Ok(Self(Arc::new(Shared {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            authority: authority.to_owned(),
            current: ArcSwap::from_pointee(Material::build(files)?),
        })))
    }

    /// Looks at the files every 5 s, until the last other clone is gone. Call it within a Tokio runtime.
    pub fn follow(&self) {
        let shared = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let mut complained = None;
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(shared) = shared.upgrade() else { return };
                // A file or three of some kilobytes, on no call's way.
                match Self(shared).reload() {
                    Ok(changed) => {
                        complained = None;
                        if changed {
                            tracing::info!(
                                event = "certificate_changed",
                                "new TLS files are in force for new connections"
                            );
                        }
                    }
                    Err(error) => {
                        let words = error.to_string();
                        if complained.as_ref() != Some(&words) {
                            tracing::error!(event = "certificate_refused", cause = %words, "the new TLS files cannot be used; the old ones stay");
                            complained = Some(words);
                        }
                    }
                }
            }
        });
    }

    /// Reads the files again; tells whether they changed. On an error what was in force stays.
    pub fn reload(&self) -> Result<bool, TlsError> {
        let files = Pem::read(&self.0.certificate, &self.0.key, &self.0.authority)?;
        if self.0.current.load().files.is(&files) {
            return Ok(false);
        }
        self.0.current.store(Arc::new(Material::build(files)?));
        Ok(true)
    }

    /// For a client that shows its certificate and believes this authority alone.
    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0.current.load().client)
    }

    /// For a server that refuses peers without a certificate of this authority.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.0.current.load().server)
    }
}

/// The files' bytes.
struct Pem {
    certificate: Vec<u8>,
    key: SecretSlice<u8>,
    authority: Vec<u8>,
}

impl Pem {
    fn read(certificate: &Path, key: &Path, authority: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|cause| TlsError::Unreadable {
                path: path.display().to_string(),
                cause,
            })
        };
        Ok(Self {
            certificate: read(certificate)?,
            key: read(key)?.into(),
            authority: read(authority)?,
        })
    }

    fn is(&self, other: &Self) -> bool {
        self.certificate == other.certificate
            && self.key.expose_secret() == other.key.expose_secret()
            && self.authority == other.authority
    }
}

impl Material {
    fn build(files: Pem) -> Result<Self, TlsError> {
        let chain = certificates(&files.certificate, "FERRULE_GRPC_TLS_CERT")?;
        let key = || {
            PrivateKeyDer::from_pem_slice(files.key.expose_secret())
                .map_err(|error| unusable(&error, "FERRULE_GRPC_TLS_KEY"))
        };
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.authority, "FERRULE_GRPC_TLS_CA")? {
            let added = roots.add(certificate);
            added.map_err(|error| unusable(&error, "FERRULE_GRPC_TLS_CA"))?;
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let pair = |error| unusable(&error, "certificate and key");

        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider))
            .build()
            .map_err(|error| unusable(&error, "FERRULE_GRPC_TLS_CA"))?;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])
            .map_err(pair)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain.clone(), key()?)
            .map_err(pair)?;
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        // Each connection is proved anew: none is taken up from what an earlier certificate has shown.
        server.send_tls13_tickets = 0;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])
            .map_err(pair)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key()?)
            .map_err(pair)?;
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        Ok(Self {
            files,
            client: Arc::new(client),
            server: Arc::new(server),
        })
    }
}

/// The certificates of a PEM file; none is an error.
fn certificates(pem: &[u8], whose: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable(&error, whose))?;
    if found.is_empty() {
        return Err(TlsError::Unusable(format!("{whose}: no certificate in it")));
    }
    Ok(found)
}

fn unusable(error: &dyn Error, whose: &str) -> TlsError {
    TlsError::Unusable(format!("{whose}: {error}"))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls { … }")
    }
}
