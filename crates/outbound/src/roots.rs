//! Which authorities may sign a vendor's certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};

/// The authorities that are believed: Mozilla's, and the operator's own.
#[derive(Clone, Debug)]
pub struct Roots(pub(crate) Arc<RootCertStore>);

/// A file of authorities that cannot be used; the words follow the file's name.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// It cannot be read, or is no PEM.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] pem::Error),
    /// A certificate in it is malformed.
    #[error("holds a certificate that cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// It is PEM, and holds no certificate.
    #[error("holds no certificate")]
    Empty,
}

impl Roots {
    /// Mozilla's, as this program was built with them.
    pub fn mozilla() -> Self {
        Self(Arc::new(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()))
    }

    /// Mozilla's, and every certificate of a PEM file.
    ///
    /// # Errors
    /// A file that cannot be read, or holds anything but good certificates.
    pub fn with_file(file: &Path) -> Result<Self, RootsError> {
        let Self(mut roots) = Self::mozilla();
        let store = Arc::make_mut(&mut roots);
        let before = store.len();
        for certificate in CertificateDer::pem_file_iter(file)? {
            store.add(certificate?)?;
        }
        if store.len() == before {
            return Err(RootsError::Empty);
        }
        Ok(Self(roots))
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};

    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_file_adds_to_mozillas() {
        let pem = || {
            let key = KeyPair::generate().unwrap();
            CertificateParams::default().self_signed(&key).unwrap().pem()
        };
        let two = file(&(pem() + &pem()));
        let all = Roots::with_file(two.path()).unwrap();
        assert_eq!(all.0.len(), Roots::mozilla().0.len() + 2);
    }

    #[test]
    fn a_file_that_is_of_no_use_is_an_error_that_says_why() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (text, why) in [
            ("", "holds no certificate"),
            ("certainly", "holds no certificate"),
            (broken, "holds a certificate that cannot be used"),
        ] {
            let error = Roots::with_file(file(text).path()).unwrap_err().to_string();
            assert!(error.starts_with(why), "{text:?}: {error}");
        }
        let error = Roots::with_file(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.starts_with("cannot be read: "), "{error}");
    }
}
