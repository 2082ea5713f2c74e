//! The cookies of the pages: out of reach of scripts, never sent along from another site.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};
use ferrule_wire::Refusal;

/// Every cookie there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OurCookie {
    /// The secret of a session.
    Session,
    /// Binds logins to the browser that they began in.
    Binding,
    /// What was typed before a login: the instance's name and tags, or which instance it renews.
    Draft,
    /// The instance that was made a moment ago, whose token is shown this once.
    Made,
}

impl OurCookie {
    /// Over https with the `__Host-` prefix, so that no other host of the domain can plant one (RFC 6265bis).
    fn name(self, public_url: &str) -> String {
        let prefix = if is_https(public_url) { "__Host-" } else { "" };
        let name = match self {
            Self::Session => "ferrule-session",
            Self::Binding => "ferrule-binding",
            Self::Draft => "ferrule-draft",
            Self::Made => "ferrule-made",
        };
        format!("{prefix}{name}")
    }

    /// The value that the browser sent; absent when it sent none or an empty one.
    pub(crate) fn read(self, headers: &HeaderMap, public_url: &str) -> Option<String> {
        let name = self.name(public_url);
        let texts = headers.get_all(header::COOKIE).iter();
        texts
            .filter_map(|text| text.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name && !cookie.value().is_empty())
            .map(|cookie| cookie.value().to_owned())
    }

    /// A `Set-Cookie` header. `value` holds nothing that a cookie may not (RFC 6265 section 4.1.1).
    pub(crate) fn set(self, public_url: &str, value: &str, lasts: Duration) -> Result<HeaderValue, Refusal> {
        let cookie = Cookie::build((self.name(public_url), value.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(is_https(public_url))
            .max_age(lasts.try_into().unwrap_or_default());
        HeaderValue::try_from(cookie.build().to_string()).map_err(Refusal::internal)
    }

    /// A `Set-Cookie` header that takes the cookie away.
    pub(crate) fn clear(self, public_url: &str) -> Result<HeaderValue, Refusal> {
        self.set(public_url, "", Duration::ZERO)
    }
}

fn is_https(public_url: &str) -> bool {
    public_url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTTPS: &str = "https://ferrule.example";
    const HTTP: &str = "http://localhost:8080";

    #[test]
    fn a_cookie_is_found_among_others_under_the_name_of_its_scheme() {
        let sent = HeaderMap::from_iter([(
            header::COOKIE,
            "a=b; ferrule-binding=x; __Host-ferrule-binding=y"
                .parse()
                .unwrap(),
        )]);
        assert_eq!(OurCookie::Binding.read(&sent, HTTP).as_deref(), Some("x"));
        assert_eq!(OurCookie::Binding.read(&sent, HTTPS).as_deref(), Some("y"));
        assert_eq!(OurCookie::Session.read(&sent, HTTP), None);
    }

    #[test]
    fn no_cookie_is_for_scripts_or_other_sites() {
        for cookie in [
            OurCookie::Session,
            OurCookie::Binding,
            OurCookie::Draft,
            OurCookie::Made,
        ] {
            let plain = cookie.set(HTTP, "v", Duration::from_mins(1)).unwrap();
            let plain = plain.to_str().unwrap();
            assert!(plain.contains("HttpOnly") && plain.contains("SameSite=Lax") && plain.contains("Path=/"));
            assert!(!plain.contains("Secure") && !plain.contains("Domain"), "{plain}");
            let secure = cookie.set(HTTPS, "v", Duration::from_mins(1)).unwrap();
            let secure = secure.to_str().unwrap();
            assert!(
                secure.starts_with("__Host-") && secure.contains("Secure"),
                "{secure}"
            );
        }
    }
}
