//! The caller's own callback where Ferrule keeps a handshake for it: a state of Ferrule's, PKCE, or both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::Digest;
use ferrule_testkit::{Answer, Behaviour, CLIENT_ID, CLIENT_SECRET, TokenEndpoint};
use serde_json::{Value, json};

use crate::logins::parameter;
use crate::vendors::{CALLBACK, acme_at, by_code};
use crate::world::{Ferrule, World};

const QUERY: [(&str, &str); 3] = [
    ("apiKey", CLIENT_ID),
    ("apiSecret", CLIENT_SECRET),
    ("callbackUrl", CALLBACK),
];

fn connected() -> (TokenEndpoint, Ferrule) {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let strict = acme_at(&vendor)
        .replace("acme", "strict")
        .replace("refresh =", "pkce = \"required\"\nrefresh =");
    let world = World::new()
        .with_connector("acme", &acme_at(&vendor))
        .with_connector("strict", &strict);
    let ferrule = world.start();
    (vendor, ferrule)
}

fn begin(ferrule: &Ferrule, element: &str, more: &[(&str, &str)]) -> String {
    ferrule.api.oauth_url(element, &[&QUERY, more].concat())
}

fn claim(ferrule: &Ferrule, element: &str, code: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = by_code(element, code);
    change(&mut body);
    ferrule.api.post("/instances", &body)
}

#[test]
fn a_state_that_ferrule_made_is_known_when_it_comes_back() {
    let (vendor, ferrule) = connected();
    let state = parameter(&begin(&ferrule, "acme", &[]), "state");
    assert!(state.len() > 43, "{state}");
    let with_state = |body: &mut Value| body["providerData"]["state"] = json!(state);
    for (name, other) in [
        ("oauth.api.key", "another-client"),
        ("oauth.callback.url", "https://another.example/callback"),
    ] {
        let refused = claim(&ferrule, "acme", "one", |body| {
            with_state(body);
            body["configuration"][name] = json!(other);
        });
        assert_eq!(refused.status, 400, "{name}: {}", refused.text());
    }
    let elsewhere = claim(&ferrule, "strict", "one", with_state);
    assert!(matches!(elsewhere.status, 400 | 404), "{}", elsewhere.text());
    assert_eq!(
        vendor.token_requests_for("one"),
        0,
        "nothing left, and nothing was consumed"
    );

    let made = claim(&ferrule, "acme", "one", with_state);
    assert_eq!(made.status, 200, "{}", made.text());
    let other_code = claim(&ferrule, "acme", "two", with_state);
    assert_eq!(
        other_code.status,
        400,
        "a state is claimed once: {}",
        other_code.text()
    );
    assert_eq!(vendor.token_requests_for("two"), 0);
}

#[test]
fn security_11_a_verifier_goes_with_the_code_where_a_challenge_went_before() {
    let (vendor, ferrule) = connected();
    for (element, more) in [
        ("acme", &[("pkce", "true")][..]),
        ("acme", &[("pkce", "true"), ("state", "my-own-state")]),
        ("strict", &[]),
        ("strict", &[("state", "my-own-state")]),
    ] {
        let begun = begin(&ferrule, element, more);
        assert_eq!(parameter(&begun, "code_challenge_method"), "S256");
        let code = format!("{element}-{}", more.len());
        let stateless = claim(&ferrule, "strict", &code, |_| {});
        assert_eq!(stateless.status, 400, "{element} {more:?}: {}", stateless.text());
        let made = claim(&ferrule, element, &code, |body| {
            body["providerData"]["state"] = json!(parameter(&begun, "state"));
        });
        assert_eq!(made.status, 200, "{element} {more:?}: {}", made.text());
        let asked = vendor.requests_to("/token").pop().unwrap();
        let verifier = asked.parameter("code_verifier").unwrap();
        let challenge = URL_SAFE_NO_PAD.encode(Digest::of(&verifier).as_bytes());
        assert_eq!(
            challenge,
            parameter(&begun, "code_challenge"),
            "{element} {more:?}"
        );
    }
}

#[test]
fn a_callers_own_state_goes_out_as_it_is_and_keeps_nothing() {
    let (vendor, ferrule) = connected();
    for state in ["acme", "with space & more", "acme"] {
        let begun = begin(&ferrule, "acme", &[("state", state)]);
        assert_eq!(parameter(&begun, "state"), state);
        assert!(!begun.contains("code_challenge"), "{begun}");
    }
    let made = claim(&ferrule, "acme", "one", |body| {
        body["providerData"]["state"] = json!("acme");
    });
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(vendor.requests_to("/token")[0].parameter("code_verifier"), None);
}
