//! A certificate authority of a test's own.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tempfile::TempDir;

/// Signs certificates that nobody else believes.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Certified {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// The file that holds the certificate.
    pub certificate_file: PathBuf,
    /// The file that holds the key.
    pub key_file: PathBuf,
}

impl Authority {
    /// A new authority, unlike every other.
    pub fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A name of its own: OpenSSL takes a certificate for self-signed whose subject is its issuer.
        parameters
            .distinguished_name
            .push(DnType::CommonName, "an authority of a test");
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let folder = TempDir::with_prefix("ferrule-authority-").expect("a temporary directory");
        write(folder.path().join("ca.pem"), &certificate.pem());
        Self {
            issuer: Issuer::new(parameters, key),
            folder,
        }
    }

    /// A certificate for a server of that name or address.
    pub fn certify(&self, name: &str) -> Certified {
        let parameters = CertificateParams::new([name.to_owned()]).expect("a name");
        self.sign(name, &parameters)
    }

    /// One that holds until the end of that year.
    pub fn certify_until(&self, name: &str, year: i32) -> Certified {
        let mut parameters = CertificateParams::new([name.to_owned()]).expect("a name");
        parameters.not_after = date_time_ymd(year, 12, 31);
        self.sign(&format!("{name}-{year}"), &parameters)
    }

    fn sign(&self, name: &str, parameters: &CertificateParams) -> Certified {
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        let (certificate, key) = (certificate.pem(), key.serialize_pem());
        Certified {
            certificate_file: write(self.folder.path().join(format!("{name}.pem")), &certificate),
            key_file: write(self.folder.path().join(format!("{name}.key")), &key),
            certificate,
            key,
        }
    }

    /// The file that holds its own certificate, as PEM.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn write(file: PathBuf, pem: &str) -> PathBuf {
    std::fs::write(&file, pem).expect("a PEM file");
    file
}
