//! Where a service is said to be, and which addresses that is now.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Uri;
use http::uri::{Authority, Scheme};
use rustls::pki_types::ServerName;

use crate::tls::TlsError;

/// Turns host and port into addresses: [`dns`], but in tests.
pub(crate) type Resolve =
    Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// The system's resolver.
pub(crate) fn dns() -> Resolve {
    Arc::new(|host, port| async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) }.boxed())
}

/// One of the URLs that a service is found by.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// What the peer's certificate must say.
    pub(crate) server: ServerName<'static>,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Name {
    /// Reads comma separated URLs; an error names the wrong one.
    pub(crate) fn parse_all(urls: &str, with_tls: bool) -> Result<Vec<Self>, TlsError> {
        let urls = urls.split(',').map(str::trim).filter(|url| !url.is_empty());
        let names: Vec<_> = urls
            .map(|url| Self::parse(url, with_tls).ok_or_else(|| TlsError::Address(url.to_owned())))
            .collect::<Result<_, _>>()?;
        if names.is_empty() {
            return Err(TlsError::Address(String::new()));
        }
        Ok(names)
    }

    fn parse(url: &str, with_tls: bool) -> Option<Self> {
        let (scheme, usual_port) = if with_tls {
            (Scheme::HTTPS, 443)
        } else {
            (Scheme::HTTP, 80)
        };
        let rest = url
            .strip_prefix("dns:///")
            .or_else(|| url.strip_prefix(scheme.as_str())?.strip_prefix("://"))?;
        let uri: Uri = format!("{scheme}://{rest}").parse().ok()?;
        let authority = uri.authority().filter(|it| !it.as_str().contains('@'))?.clone();
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        Some(Self {
            server: ServerName::try_from(host.clone()).ok()?,
            port: authority.port_u16().unwrap_or(usual_port),
            host,
            scheme,
            authority,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_hosts_and_agree_on_tls() {
        for (urls, with_tls, want) in [
            ("http://broker:7001", false, Some("http broker 7001")),
            ("https://broker:7001/", true, Some("https broker 7001")),
            (
                "dns:///broker.ferrule.svc:7001",
                false,
                Some("http broker.ferrule.svc 7001"),
            ),
            ("dns:///broker:7001", true, Some("https broker 7001")),
            ("http://[::1]:7001", false, Some("http ::1 7001")),
            ("https://broker", true, Some("https broker 443")),
            ("http://a:1, http://b:2,", false, Some("http a 1, http b 2")),
            ("https://broker:7001", false, None),
            ("http://broker:7001", true, None),
            ("broker:7001", false, None),
            ("http://me@broker:7001", false, None),
            ("http://", false, None),
            ("", false, None),
            ("ftp://broker", false, None),
        ] {
            let names = Name::parse_all(urls, with_tls).ok().map(|names| {
                names
                    .iter()
                    .map(|name| format!("{} {} {}", name.scheme, name.host, name.port))
                    .collect::<Vec<_>>()
                    .join(", ")
            });
            assert_eq!(names.as_deref(), want, "{urls} {with_tls}");
        }
    }
}
