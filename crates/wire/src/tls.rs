//! mTLS between services: one certificate, its key, and the authority that peers must come from.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use tonic::transport::{Certificate, ClientTlsConfig, Identity, ServerTlsConfig};

/// What a service shows its peers, and whom it believes.
#[derive(Clone)]
pub struct Tls {
    certificate: String,
    key: SecretString,
    authority: String,
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
    #[error("{0:?} is no gRPC address: write http://host:port, or https://host:port with TLS files")]
    Address(String),
}

impl Tls {
    /// Reads PEM files.
    pub fn from_files(certificate: &Path, key: &Path, authority: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|cause| TlsError::Unreadable {
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

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, self.key.expose_secret())
    }

    /// A client that shows its certificate and believes this authority alone.
    pub(crate) fn client(&self) -> ClientTlsConfig {
        ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&self.authority))
            .identity(self.identity())
    }

    /// A server that refuses peers without a certificate of this authority.
    pub(crate) fn server(&self) -> ServerTlsConfig {
        ServerTlsConfig::new()
            .identity(self.identity())
            .client_ca_root(Certificate::from_pem(&self.authority))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls { … }")
    }
}
