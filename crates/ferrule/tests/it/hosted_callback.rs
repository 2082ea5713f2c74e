//! Ferrule's own callback: out to the vendor, and back with a code or a no.

use std::collections::HashSet;

use ferrule_testkit::{Browser, Decision, Landing};

use crate::logins::{RETURN_URL, SANDBOX, WAY_BACK, assert_refused, callback_url, open, parameter};
use crate::vendors::by_handshake;
use crate::world::World;

#[test]
fn a_login_returns_with_the_callers_state_and_a_handshake_that_becomes_an_instance() {
    let ferrule = World::new().start();
    let begun = ferrule.api.oauth_url("sandbox", &[SANDBOX, WAY_BACK].concat());
    assert!(
        !begun.contains("sandbox-secret") && !begun.contains("mine"),
        "{begun}"
    );
    let landing = Browser::stopping_at(RETURN_URL).log_in(&begun, Decision::Allow);
    assert!(
        matches!(&landing, Landing::Callback(url) if url.starts_with(RETURN_URL)),
        "{landing:?}"
    );
    assert_eq!(landing.parameter("state").as_deref(), Some("mine & only"));
    assert_eq!(
        (landing.parameter("code"), landing.parameter("error")),
        (None, None)
    );

    let handshake = landing.parameter("handshake").unwrap();
    let made = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json().get("providerData"), None);
    let again = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!((again.status, again.json()), (200, made.json()));
}

#[test]
fn a_denial_returns_with_the_vendors_words_and_the_callers_state() {
    let ferrule = World::new().start();
    let begun = ferrule.api.oauth_url("sandbox", &[SANDBOX, WAY_BACK].concat());
    let landing = Browser::stopping_at(RETURN_URL).log_in(&begun, Decision::Deny);
    assert!(
        matches!(&landing, Landing::Callback(url) if url.starts_with(RETURN_URL)),
        "{landing:?}"
    );
    assert_eq!(landing.parameter("error").as_deref(), Some("access_denied"));
    assert!(landing.parameter("error_description").is_some(), "{landing:?}");
    assert_eq!(landing.parameter("state").as_deref(), Some("mine & only"));

    let handshake = landing.parameter("handshake").unwrap();
    let refused = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(refused.status, 400);
    assert!(
        refused.json()["providerMessage"]
            .as_str()
            .unwrap()
            .contains("access_denied")
    );
}

#[test]
fn without_an_address_to_return_to_a_page_says_what_happened() {
    let ferrule = World::new().start();
    for (decision, heading) in [
        (Decision::Allow, "You logged in at Sandbox"),
        (Decision::Deny, "Sandbox was not connected"),
    ] {
        let begun = ferrule.api.oauth_url("sandbox", &SANDBOX);
        let Landing::Page {
            url, status, html, ..
        } = Browser::new().log_in(&begun, decision)
        else {
            panic!("a page was expected")
        };
        assert_eq!(status, 200);
        assert!(html.contains(heading), "{html}");
        assert!(!url.contains("code=") && !url.contains("error"), "{url}");
    }
}

#[test]
fn security_47_no_page_lets_the_code_out() {
    let ferrule = World::new().start();
    let callback = callback_url(&ferrule, "sandbox", &SANDBOX);
    let redirect = open(&callback);
    let done = format!("{}{}", ferrule.url, redirect.header("location").unwrap());
    let unknown = format!("{}/oauth/callback/sandbox?code=c&state=s", ferrule.url);
    for answer in [redirect, open(&done), open(&unknown)] {
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        let page = answer.text();
        assert!(
            !page.contains("<script>") && !page.contains("src=\"http"),
            "{page}"
        );
    }
}

#[test]
fn security_02_the_same_callback_again_has_the_same_redirect_until_it_is_claimed() {
    let ferrule = World::new().start();
    let callback = callback_url(&ferrule, "sandbox", &[SANDBOX, WAY_BACK].concat());
    let first = open(&callback);
    let place = first.header("location").unwrap().to_owned();
    assert_eq!(first.status, 303);
    for _ in 0..3 {
        let again = open(&callback);
        assert_eq!(
            (again.status, again.header("location")),
            (303, Some(place.as_str()))
        );
    }
    let other_code = callback.replace("code=", "code=x");
    assert_refused(&other_code);

    let handshake = parameter(&place, "handshake");
    let claimed = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(claimed.status, 200, "{}", claimed.text());
    assert_refused(&callback);
}

#[test]
fn a_login_that_is_not_over_cannot_be_claimed_yet() {
    let ferrule = World::new().start();
    let begun = ferrule.api.oauth_url("sandbox", &SANDBOX);
    assert_eq!(parameter(&begun, "code_challenge_method"), "S256");
    let state = parameter(&begun, "state");
    let early = ferrule.api.post("/instances", &by_handshake("sandbox", &state));
    assert_eq!(early.status, 409, "{}", early.text());
    let unknown = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", "unknown"));
    assert_eq!(unknown.status, 404, "{}", unknown.text());
}

#[test]
fn security_01_every_login_has_a_state_of_its_own() {
    let ferrule = World::new().start();
    let states: HashSet<String> = (0..500)
        .map(|_| {
            let begun = ferrule.api.oauth_url("sandbox", &SANDBOX);
            parameter(&begun, "state")
        })
        .collect();
    assert_eq!(states.len(), 500);
    // 43 digits of base64url are 256 bits.
    assert!(states.iter().all(|state| state.len() >= 43));
}

#[test]
fn security_04_a_login_is_claimed_by_a_known_caller_who_names_it() {
    let ferrule = World::new().start();
    let landing = Browser::stopping_at(RETURN_URL).log_in(
        &ferrule.api.oauth_url("sandbox", &[SANDBOX, WAY_BACK].concat()),
        Decision::Allow,
    );
    let body = by_handshake("sandbox", &landing.parameter("handshake").unwrap());
    for authorization in ["", "User someone-else, Organization of-their-own"] {
        let stranger = ferrule.api.called_by(authorization).post("/instances", &body);
        assert_eq!(stranger.status, 401, "{}", stranger.text());
    }
    let nameless = ferrule.api.post("/instances", &by_handshake("sandbox", ""));
    assert_eq!(nameless.status, 400, "{}", nameless.text());
    let other_connector = ferrule.api.post("/elements/intercom/instances", &body);
    assert!(
        matches!(other_connector.status, 400 | 404),
        "{}",
        other_connector.text()
    );
    let made = ferrule.api.post("/instances", &body);
    assert_eq!(made.status, 200, "nothing was consumed: {}", made.text());
}
