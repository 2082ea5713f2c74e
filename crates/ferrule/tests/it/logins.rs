//! Logins that begin at Ferrule and come back to its own callback.

use ferrule_testkit::{Answer, Browser, Decision, HttpClient};

use crate::world::Ferrule;

pub const RETURN_URL: &str = "http://127.0.0.1:9/back?tab=1";
pub const SANDBOX: [(&str, &str); 2] = [("apiKey", "sandbox-client"), ("apiSecret", "sandbox-secret")];
pub const ACME: [(&str, &str); 2] = [("apiKey", "acme-client"), ("apiSecret", "acme-secret")];
pub const WAY_BACK: [(&str, &str); 2] = [("returnUrl", RETURN_URL), ("state", "mine & only")];

/// The vendor's answer as its browser would bring it.
pub fn callback_url(ferrule: &Ferrule, element: &str, query: &[(&str, &str)]) -> String {
    let begun = ferrule.api.oauth_url(element, query);
    let callback = format!("{}/oauth/callback/", ferrule.url);
    let landing = Browser::stopping_at(&callback).log_in(&begun, Decision::Allow);
    assert!(landing.url().starts_with(&callback), "{landing:?}");
    landing.url().to_owned()
}

pub fn open(url: &str) -> Answer {
    HttpClient::new().get(url, &[("Accept", "text/html")])
}

pub fn parameter(address: &str, name: &str) -> String {
    let address = url::Url::parse(address).expect("an address");
    let mut pairs = address.query_pairs();
    let pair = pairs.find(|(known, _)| known == name).expect("a parameter");
    pair.1.into_owned()
}

/// A page with 400 that says something, and nothing of what came with the request.
pub fn assert_refused(url: &str) {
    let answer = open(url);
    let page = answer.text();
    assert_eq!(answer.status, 400, "{url}\n{page}");
    assert!(
        answer.header("content-type").unwrap().starts_with("text/html"),
        "{page}"
    );
    assert!(page.contains("<h1>"), "{page}");
    for (name, value) in url::Url::parse(url).unwrap().query_pairs() {
        assert!(
            value.len() < 4 || !page.contains(value.as_ref()),
            "{name} is repeated: {page}"
        );
    }
}
