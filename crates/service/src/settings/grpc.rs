//! How services reach each other: addresses, and the files of mTLS.

use std::path::PathBuf;

use super::typed::parse_url;
use super::{Layers, SettingsError};

const CERTIFICATE: &str = "FERRULE_GRPC_TLS_CERT";
const KEY: &str = "FERRULE_GRPC_TLS_KEY";
const AUTHORITY: &str = "FERRULE_GRPC_TLS_CA";

/// PEM files of mTLS between services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrpcTlsFiles {
    /// This service's certificate chain.
    pub certificate: PathBuf,
    /// The key of that certificate.
    pub key: PathBuf,
    /// Who signs the other services' certificates.
    pub authority: PathBuf,
}

impl Layers {
    /// The three files of mTLS, or none of them; some of them are an error that names a missing one.
    pub fn grpc_tls_files(&self) -> Result<Option<GrpcTlsFiles>, SettingsError> {
        if [CERTIFICATE, KEY, AUTHORITY]
            .iter()
            .all(|name| self.source(name).is_none())
        {
            return Ok(None);
        }
        Ok(Some(GrpcTlsFiles {
            certificate: self.required(CERTIFICATE, Self::path)?,
            key: self.required(KEY, Self::path)?,
            authority: self.required(AUTHORITY, Self::path)?,
        }))
    }

    /// The addresses of another service, comma separated: `https://…` exactly where the files of mTLS are set, so that
    /// no call travels in the clear by mistake, or `dns:///host:port`, which goes with them.
    pub fn grpc_urls(&self, name: &str) -> Result<Option<String>, SettingsError> {
        let urls = self.list(name)?;
        let with_tls = self.grpc_tls_files()?.is_some();
        let read = |url: &String| {
            let web = url.replacen("dns:///", if with_tls { "https://" } else { "http://" }, 1);
            let Some(web) = parse_url(&web) else {
                let instead = "http://host:port, https://host:port or dns:///host:port, comma separated";
                return Err(self.unfit(name, "is no such address", instead));
            };
            match (web.starts_with("https://"), with_tls) {
                (true, false) => {
                    Err(self.unfit(name, "asks for TLS", &format!("http://…, or set {CERTIFICATE}")))
                }
                (false, true) => Err(self.unfit(
                    name,
                    "is without TLS",
                    &format!("https://…, or unset {CERTIFICATE}"),
                )),
                _ => Ok(web),
            }
        };
        let urls = urls.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok((!urls.is_empty()).then(|| urls.join(",")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::super::layers::tests::layers;
    use super::*;

    const ALL: [(&str, &str); 3] = [(CERTIFICATE, "c.pem"), (KEY, "k.pem"), (AUTHORITY, "a.pem")];

    #[test]
    fn the_files_come_all_together_or_not_at_all() {
        assert_eq!(
            layers(Form::Service, &[]).unwrap().grpc_tls_files().unwrap(),
            None
        );
        let files = layers(Form::Service, &ALL).unwrap().grpc_tls_files().unwrap();
        let want = GrpcTlsFiles {
            certificate: "c.pem".into(),
            key: "k.pem".into(),
            authority: "a.pem".into(),
        };
        assert_eq!(files, Some(want));
        for absent in ALL {
            let some: Vec<_> = ALL.into_iter().filter(|pair| *pair != absent).collect();
            let error = layers(Form::Service, &some)
                .unwrap()
                .grpc_tls_files()
                .unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("{} is not set", absent.0)),
                "{error}"
            );
        }
    }

    #[test]
    fn an_address_and_the_files_agree_on_tls() {
        let name = "FERRULE_BROKER_URL";
        for (url, tls, want) in [
            ("http://broker:50051", false, Ok("http://broker:50051")),
            ("http://a:1, http://b:2/", false, Ok("http://a:1,http://b:2")),
            ("dns:///broker:50051", false, Ok("http://broker:50051")),
            ("dns:///broker:50051", true, Ok("https://broker:50051")),
            (
                "http://a:1,b:2",
                false,
                Err("write http://host:port, https://host:port or dns:///host:port, comma separated"),
            ),
            ("https://broker:50051", true, Ok("https://broker:50051")),
            (
                "https://broker:50051",
                false,
                Err("asks for TLS: write http://…, or set FERRULE_GRPC_TLS_CERT"),
            ),
            (
                "http://broker:50051",
                true,
                Err("is without TLS: write https://…, or unset FERRULE_GRPC_TLS_CERT"),
            ),
        ] {
            let mut set = vec![(name, url)];
            set.extend(ALL.into_iter().filter(|_| tls));
            match (layers(Form::Service, &set).unwrap().grpc_urls(name), want) {
                (Ok(found), Ok(want)) => assert_eq!(found.as_deref(), Some(want)),
                (Err(error), Err(want)) => assert!(error.to_string().ends_with(want), "{error}"),
                (found, _) => panic!("{url} {tls}: {found:?}"),
            }
        }
    }
}
