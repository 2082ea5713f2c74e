//! Where the browser goes back to, and with what.

use std::str::FromStr;

use axum::response::{IntoResponse as _, Redirect, Response};
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A redirect URI: https, or http on loopback; at most 2 KiB; no fragment, no user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct RedirectUri {
    /// As the client wrote it: the token request must repeat it to the letter (RFC 6749 section 4.1.3).
    given: String,
    url: Url,
}

/// The text is no redirect URI.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("redirect_uri must be an https address, or http on loopback, with no fragment and no user in it")]
pub(crate) struct InvalidRedirectUri;

/// Where an authorization request is answered.
#[derive(Serialize, Deserialize)]
pub(crate) struct ReturnAddress {
    pub redirect_uri: RedirectUri,
    pub state: Option<String>,
}

impl RedirectUri {
    pub fn as_str(&self) -> &str {
        &self.given
    }

    /// The host, as the login page names it.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        // Parsers forgive backslashes, spaces and missing slashes, each in its own way: none of it passes here.
        let strict = text.len() <= 2048
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\\#".contains(&byte))
            && (text.starts_with("https://") || text.starts_with("http://"));
        let url = Url::parse(text)
            .ok()
            .filter(|_| strict)
            .ok_or(InvalidRedirectUri)?;
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let authority = text
            .split("//")
            .nth(1)
            .and_then(|rest| rest.split(['/', '?']).next())
            .unwrap_or_default();
        let good = !authority.is_empty() && !authority.contains('@') && (url.scheme() == "https" || loopback);
        good.then(|| Self {
            given: text.to_owned(),
            url,
        })
        .ok_or(InvalidRedirectUri)
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(text: String) -> Result<Self, InvalidRedirectUri> {
        text.parse()
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.given
    }
}

impl ReturnAddress {
    /// Sends the browser back with these parameters, the state and the issuer (RFC 9207 section 2).
    pub fn send(&self, issuer: &str, answer: &[(&str, &str)]) -> Response {
        let mut url = self.redirect_uri.url.clone();
        url.query_pairs_mut()
            .extend_pairs(answer)
            .extend_pairs(self.state.as_deref().map(|state| ("state", state)))
            .append_pair("iss", issuer);
        Redirect::to(url.as_str()).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_loopback_pass() {
        for good in [
            "https://app.example/callback",
            "https://app.example/callback?tenant=1&mail=a@b",
            "http://localhost:8080/oauth/callback/sandbox",
            "http://127.0.0.1:1/",
            "http://[::1]:8080/",
        ] {
            assert_eq!(good.parse::<RedirectUri>().map(String::from), Ok(good.to_owned()));
        }
    }

    #[test]
    fn whatever_could_lead_astray_does_not() {
        for bad in [
            "",
            "/callback",
            "//evil.example",
            "https:evil.example",
            "https:///evil.example",
            "http://evil.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "https://good.example@evil.example/",
            "https://@evil.example/",
            "https://evil.example\\@good.example/",
            "https://good.example/#fragment",
            "https://good.example/#",
            "https://good.example/a b",
            "https://good.example/\r\nSet-Cookie:a",
            "https://gööd.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "HTTPS://good.example/",
            &format!("https://good.example/{}", "a".repeat(2048)),
        ] {
            assert_eq!(bad.parse::<RedirectUri>(), Err(InvalidRedirectUri), "{bad}");
        }
    }
}
