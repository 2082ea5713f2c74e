//! Certificates of an authority, as PEM files.

use std::path::PathBuf;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use tempfile::TempDir;

use crate::tls::Tls;

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate.
    pub pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = parameters.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(parameters, key);
        Self { issuer, pem }
    }

    /// A certificate and its key, for a host or a peer of these names (addresses, DNS names).
    pub fn certify(&self, names: &[&str]) -> (String, String) {
        self.sign(&parameters(names))
    }

    /// The same, out of date.
    pub fn certify_expired(&self, names: &[&str]) -> (String, String) {
        let mut parameters = parameters(names);
        parameters.not_before = date_time_ymd(2020, 1, 1);
        parameters.not_after = date_time_ymd(2020, 2, 1);
        self.sign(&parameters)
    }

    fn sign(&self, parameters: &CertificateParams) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

fn parameters(names: &[&str]) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    for name in names {
        parameters.subject_alt_names.push(match name.parse() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName((*name).try_into().unwrap()),
        });
    }
    parameters
}

/// The three files of one service, and what is made of them.
pub struct Files {
    folder: TempDir,
}

impl Files {
    pub fn new((certificate, key): &(String, String), authority: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let files = Self { folder };
        files.write("certificate", certificate);
        files.write("key", key);
        files.write("authority", authority);
        files
    }

    /// Replaces one of `certificate`, `key`, `authority`.
    pub fn write(&self, name: &str, pem: &str) {
        std::fs::write(self.path(name), pem).unwrap();
    }

    pub fn tls(&self) -> Tls {
        Tls::from_files(
            &self.path("certificate"),
            &self.path("key"),
            &self.path("authority"),
        )
        .unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
