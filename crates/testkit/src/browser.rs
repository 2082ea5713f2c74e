//! A scripted end user with a browser: cookies, redirects, forms. It never leaves loopback.

use url::Url;

use crate::cookies::Jar;
use crate::http_client::{Answer, HttpClient};
use crate::http_message::Headers;
use crate::page::{Decision, Page};

const REDIRECTS: usize = 25;
const PAGES: usize = 10;

/// Where the browser ended up.
#[derive(Debug, Clone)]
pub enum Landing {
    /// At the client's callback, or at an address outside of loopback; it was not requested.
    Callback(String),
    /// On a page that asks the user nothing more.
    Page {
        /// Its address.
        url: String,
        /// Its status.
        status: u16,
        /// The headers that it came with.
        headers: Headers,
        /// Its text.
        html: String,
    },
}

impl Landing {
    /// The address, of either kind.
    pub fn url(&self) -> &str {
        match self {
            Self::Callback(url) | Self::Page { url, .. } => url,
        }
    }

    /// A parameter of the address's query.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(self.url()).ok()?;
        url.query_pairs()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The browser. It keeps its cookies from call to call; a new one has none.
#[derive(Default)]
pub struct Browser {
    stop_at: Option<String>,
    jar: Jar,
}

enum Reached {
    Callback(String),
    Page(Page),
}

impl Browser {
    /// A browser that follows every redirect on loopback.
    pub fn new() -> Self {
        Self::default()
    }

    /// A browser that stops before it requests an address that begins with `prefix`.
    pub fn stopping_at(prefix: &str) -> Self {
        Self {
            stop_at: Some(prefix.to_owned()),
            jar: Jar::default(),
        }
    }

    /// Opens an address and follows its redirects; fills no form.
    pub fn open(&mut self, url: &str) -> Landing {
        self.go("GET", parsed(url), None).into()
    }

    /// Sends a form with these fields to an address, and follows its redirects.
    pub fn submit(&mut self, url: &str, fields: &[(&str, &str)]) -> Landing {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        self.go("POST", parsed(url), Some(form)).into()
    }

    /// Plays the user from an authorization URL on: logs in with any name, answers the question for consent, and
    /// follows to where that leads. Only forms of one site are filled, the first that asks.
    pub fn log_in(&mut self, authorization_url: &str, decision: Decision) -> Landing {
        let mut reached = self.go("GET", parsed(authorization_url), None);
        let mut vendor = None;
        for _ in 0..PAGES {
            let Reached::Page(page) = &reached else {
                return reached.into();
            };
            let Some(step) = page.next_step(decision) else {
                return reached.into();
            };
            if *vendor.get_or_insert_with(|| page.url.origin()) != page.url.origin() {
                return reached.into();
            }
            reached = self.go(step.method, step.url, step.form);
        }
        panic!(
            "the vendor asks more than {PAGES} times; at last at {}",
            Landing::from(reached).url()
        )
    }

    fn go(&mut self, method: &'static str, mut url: Url, mut form: Option<String>) -> Reached {
        let mut method = method;
        for _ in 0..REDIRECTS {
            let answer = self.request(method, &url, form.as_deref());
            let Some(location) = answer
                .header("location")
                .filter(|_| (300..400).contains(&answer.status))
            else {
                return Reached::Page(Page { url, answer });
            };
            let next = url.join(location);
            let next = next.unwrap_or_else(|error| panic!("{url} redirects to {location:?}: {error}"));
            if self.stops_before(location) || self.stops_before(next.as_str()) || !on_loopback(&next) {
                return Reached::Callback(if location.contains(':') {
                    location.to_owned()
                } else {
                    next.into()
                });
            }
            url = next;
            if !matches!(answer.status, 307 | 308) {
                (method, form) = ("GET", None);
            }
        }
        panic!("more than {REDIRECTS} redirects, at last to {url}")
    }

    fn request(&mut self, method: &str, url: &Url, form: Option<&str>) -> Answer {
        assert!(on_loopback(url), "not plain HTTP on loopback: {url}");
        let host = url.host_str().unwrap_or_default();
        let cookies = self.jar.header(host, url.path());
        let origin = url.origin().ascii_serialization();
        let mut headers = vec![("Accept", "text/html,*/*")];
        if let Some(cookies) = &cookies {
            headers.push(("Cookie", cookies));
        }
        if form.is_some() {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
            headers.push(("Origin", &origin));
        }
        let mut target = url.clone();
        target.set_fragment(None);
        let answer =
            HttpClient::new().request(method, target.as_str(), &headers, form.unwrap_or("").as_bytes());
        let answer = answer.unwrap_or_else(|error| panic!("{method} {url}: {error}"));
        for (name, value) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                self.jar.take(host, url.path(), value);
            }
        }
        answer
    }

    fn stops_before(&self, url: &str) -> bool {
        self.stop_at
            .as_deref()
            .is_some_and(|prefix| url.starts_with(prefix))
    }
}

impl From<Reached> for Landing {
    fn from(reached: Reached) -> Self {
        match reached {
            Reached::Callback(url) => Self::Callback(url),
            Reached::Page(Page { url, answer }) => Self::Page {
                url: url.into(),
                status: answer.status,
                html: answer.text(),
                headers: answer.headers,
            },
        }
    }
}

fn parsed(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|error| panic!("{url:?} is no URL: {error}"))
}

fn on_loopback(url: &Url) -> bool {
    url.scheme() == "http" && matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded() {
        let landing = Landing::Callback("https://client.example/cb?code=a%2Bb&state=s".to_owned());
        assert_eq!(landing.parameter("code").as_deref(), Some("a+b"));
        assert_eq!(landing.parameter("error"), None);
    }
}
