//! A vendor's endpoint: an address that may be given a secret.

use url::{Host, Url};

/// The address can be no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// It does not parse, or names no host.
    #[error("the vendor's address is not a URL with a host")]
    NotAUrl,
    /// Neither `https`, nor `http` on loopback.
    #[error("the vendor's address must begin with https:// (http:// on loopback alone)")]
    Insecure,
    /// It holds `user:password@`.
    #[error("the vendor's address must not hold a user name or password")]
    Userinfo,
    /// It holds a `#` (RFC 6749 sections 3.1 and 3.2 forbid it).
    #[error("the vendor's address must not hold a fragment ('#')")]
    Fragment,
    /// Its query already holds a parameter that is Ferrule's to set.
    #[error("the authorization URL must not hold '{0}' itself: it is added to every request")]
    HoldsParameter(&'static str),
    /// The realm of OAuth 1.0a cannot stand in a header.
    #[error("the vendor's realm holds what no header may hold")]
    Realm,
}

/// An endpoint's address, checked: `https`, or `http` on loopback; no userinfo, no fragment.
pub(crate) fn parse(address: &str) -> Result<Url, InvalidEndpoint> {
    let url = Url::parse(address).map_err(|_| InvalidEndpoint::NotAUrl)?;
    if !url.has_host() {
        return Err(InvalidEndpoint::NotAUrl);
    }
    if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
        return Err(InvalidEndpoint::Insecure);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidEndpoint::Userinfo);
    }
    if url.fragment().is_some() {
        return Err(InvalidEndpoint::Fragment);
    }
    Ok(url)
}

/// Whether the host is `localhost` or a loopback address.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_may_be_given_a_secret_pass() {
        for (address, want) in [
            ("https://api.intercom.io/auth/eagle/token", Ok(())),
            ("http://127.0.0.1:9000/token", Ok(())),
            ("http://[::1]/token", Ok(())),
            ("http://localhost:9000/token", Ok(())),
            ("http://vendor.example/token", Err(InvalidEndpoint::Insecure)),
            (
                "http://localhost.vendor.example/token",
                Err(InvalidEndpoint::Insecure),
            ),
            ("ftp://vendor.example/token", Err(InvalidEndpoint::Insecure)),
            ("https://user@vendor.example/", Err(InvalidEndpoint::Userinfo)),
            ("https://:secret@vendor.example/", Err(InvalidEndpoint::Userinfo)),
            ("https://vendor.example/#x", Err(InvalidEndpoint::Fragment)),
            ("https://", Err(InvalidEndpoint::NotAUrl)),
            ("data:text/plain,x", Err(InvalidEndpoint::NotAUrl)),
            ("/token", Err(InvalidEndpoint::NotAUrl)),
            ("", Err(InvalidEndpoint::NotAUrl)),
        ] {
            assert_eq!(parse(address).map(|_| ()), want, "{address}");
        }
    }
}
