//! What was typed before a login, kept in the browser until it is back: a cookie, since nothing of it is secret.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use ferrule_model::InstanceId;
use ferrule_wire::Refusal;

use crate::pages::cookies::OurCookie;
use crate::query::Query;

/// As long as a handshake.
pub(crate) const LASTS: Duration = Duration::from_mins(10);

/// A cookie holds 4 KiB; what is longer is typed again.
const LONGEST: usize = 3 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) name: String,
    /// As typed, separated by commas.
    pub(crate) tags: String,
    /// The instance that the login renews; absent: it makes a new one.
    pub(crate) instance: Option<InstanceId>,
}

impl Draft {
    pub(crate) fn new(name: &str, tags: &str) -> Self {
        Self {
            name: name.to_owned(),
            tags: tags.to_owned(),
            instance: None,
        }
    }

    pub(crate) fn renewal(instance: InstanceId) -> Self {
        Self {
            instance: Some(instance),
            ..Self::default()
        }
    }

    /// The cookie that keeps it for the login of this handshake.
    pub(crate) fn keep(&self, handshake: &str, public_url: &str) -> Result<HeaderValue, Refusal> {
        let mut text = form_urlencoded::Serializer::new(String::new());
        text.append_pair("handshake", handshake);
        match self.instance {
            Some(instance) => text.append_pair("instance", &instance.to_string()),
            None => text
                .append_pair("name", &self.name)
                .append_pair("tags", &self.tags),
        };
        let text = text.finish();
        let kept = if text.len() <= LONGEST { text.as_str() } else { "" };
        OurCookie::Draft.set(public_url, kept, LASTS)
    }

    /// What this browser kept for this handshake.
    pub(crate) fn of(handshake: &str, headers: &HeaderMap, public_url: &str) -> Option<Self> {
        let kept = Query::parse(&OurCookie::Draft.read(headers, public_url)?).ok()?;
        if kept.get("handshake") != Some(handshake) {
            return None;
        }
        let text = |name| kept.get(name).unwrap_or_default().to_owned();
        Some(Self {
            name: text("name"),
            tags: text("tags"),
            instance: text("instance").parse().ok().map(InstanceId),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    const URL: &str = "https://ferrule.example";

    fn back(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn what_was_typed_comes_back_for_its_own_login() {
        for draft in [
            Draft::new("Ørsted; \"A&B\" = 1,2", "a, b"),
            Draft::new("", ""),
            Draft::renewal(InstanceId(7)),
        ] {
            let headers = back(&draft.keep("h1", URL).unwrap());
            assert_eq!(Draft::of("h1", &headers, URL), Some(draft));
            assert_eq!(Draft::of("h2", &headers, URL), None);
        }
    }

    #[test]
    fn what_no_cookie_holds_is_typed_again() {
        let cookie = Draft::new(&"x".repeat(4096), "").keep("h1", URL).unwrap();
        assert_eq!(Draft::of("h1", &back(&cookie), URL), None);
    }
}
