//! Certificates for services that trust one authority.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};

use crate::service::Service;

/// Signs certificates.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: PathBuf,
}

/// PEM files: a certificate, its key, and who signs the others'.
#[derive(Clone)]
pub struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub authority: PathBuf,
}

impl Authority {
    /// A new authority, whose files stand in `folder`.
    pub fn new(folder: PathBuf) -> Self {
        std::fs::create_dir(&folder).expect("a folder for certificates");
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.self_signed(&key).expect("a certificate");
        write(&folder.join("authority.pem"), &certificate.pem());
        let issuer = Issuer::new(parameters, key);
        Self { issuer, folder }
    }

    /// A certificate for a peer of this name on loopback, as server and as client; its files are `file`'s.
    pub fn certify(&self, file: &str, name: &str) -> Files {
        let names = ["127.0.0.1".to_owned(), name.to_owned()];
        let mut parameters = CertificateParams::new(names).expect("names");
        parameters.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().expect("a key");
        let certificate = parameters.signed_by(&key, &self.issuer).expect("a certificate");
        let files = Files {
            certificate: self.folder.join(format!("{file}.pem")),
            key: self.folder.join(format!("{file}.key")),
            authority: self.folder.join("authority.pem"),
        };
        write(&files.certificate, &certificate.pem());
        write(&files.key, &key.serialize_pem());
        files
    }
}

impl Files {
    /// Gives them to a service.
    pub fn give_to(&self, service: &mut Service) {
        for (name, file) in [
            ("FERRULE_GRPC_TLS_CERT", &self.certificate),
            ("FERRULE_GRPC_TLS_KEY", &self.key),
            ("FERRULE_GRPC_TLS_CA", &self.authority),
        ] {
            service.set(name, &file.display().to_string());
        }
    }
}

fn write(file: &Path, pem: &str) {
    std::fs::write(file, pem).expect("a PEM file");
}
