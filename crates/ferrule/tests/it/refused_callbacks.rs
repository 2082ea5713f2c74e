//! Callbacks and addresses to return to that are refused: with a page, and at no cost to the login they belong to.

use ferrule_testkit::{Behaviour, Browser, Landing, TokenEndpoint};

use crate::logins::{ACME, SANDBOX, assert_refused, callback_url, open, parameter};
use crate::vendors::acme_at;
use crate::world::World;

#[test]
fn security_05_a_state_on_another_connectors_path_is_refused_before_anything_leaves() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new().with_connector("acme", &acme_at(&vendor)).start();
    let callback = callback_url(&ferrule, "acme", &ACME);
    assert_refused(&callback.replace("/callback/acme?", "/callback/sandbox?"));
    assert_eq!(vendor.requests_to("/token").len(), 0);
    assert_eq!(open(&callback).status, 303, "nothing was consumed");
}

#[test]
fn security_06_an_issuer_that_is_absent_or_another_is_refused_and_consumes_nothing() {
    let ferrule = World::new().start();
    let callback = callback_url(&ferrule, "sandbox", &SANDBOX);
    let (before, _) = callback.split_once("&iss=").unwrap();
    for wrong in [
        before.to_owned(),
        format!("{before}&iss=https%3A%2F%2Felsewhere.example"),
        callback
            .replace("code=", "error=access_denied&x=")
            .replace("&iss=", "&iss=x"),
    ] {
        assert_refused(&wrong);
    }
    assert_eq!(open(&callback).status, 303);
}

#[test]
fn what_no_login_answers_with_is_refused() {
    let ferrule = World::new().start();
    let callback = callback_url(&ferrule, "sandbox", &SANDBOX);
    let (path, _) = callback.split_once('?').unwrap();
    let state = parameter(&callback, "state");
    for query in [
        String::new(),
        "code=abcdef".to_owned(),
        "code=abcdef&state=".to_owned(),
        "code=abcdef&state=unknown-state".to_owned(),
        "error=access_denied&error_description=some+words&state=unknown-state".to_owned(),
        format!("state={state}"),
        format!("code=&state={state}"),
    ] {
        assert_refused(&format!("{path}?{query}"));
    }
    assert_eq!(open(&callback).status, 303, "nothing was consumed");
}

#[test]
fn security_10_only_addresses_that_were_agreed_on_are_returned_to() {
    let allowed = "https://app.example/back";
    let ferrule = World::new().with("FERRULE_RETURN_URLS", allowed).start();
    let asked = |address: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(SANDBOX)
            .append_pair("returnUrl", address)
            .finish();
        ferrule
            .api
            .get(&format!("/elements/sandbox/oauth/url?{query}"))
            .status
    };
    assert_eq!(asked(allowed), 200);
    for address in [
        "https://app.example/back/",
        "https://app.example/back?x=1",
        "https://app.example/back#x",
        "https://app.example:8443/back",
        "https://APP.example/back",
        "https://user@app.example/back",
        "https://app.example/./back",
        "https://app.example/%62ack",
        "https://app.example\\back",
        "https://app.example/\tback",
        "//app.example/back",
        "javascript:alert(1)",
        "https://xn--pp-xka.example/back",
    ] {
        assert_eq!(asked(address), 400, "{address}");
    }
}

#[test]
fn security_09_a_denials_words_are_text_and_cut_and_need_a_good_state() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new().with_connector("acme", &acme_at(&vendor)).start();
    let begun = ferrule.api.oauth_url("acme", &ACME);
    let words = format!("<script>alert(1)</script>{}", "x".repeat(2000));
    let denied = |state: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("error", "access_denied"),
                ("error_description", &words),
                ("state", state),
            ])
            .finish();
        format!("{}/oauth/callback/acme?{query}", ferrule.url)
    };
    assert_refused(&denied("not-the-state-of-anything"));
    let landing = Browser::new().open(&denied(&parameter(&begun, "state")));
    let Landing::Page {
        status: 200, html, ..
    } = landing
    else {
        panic!("a page was expected: {landing:?}")
    };
    assert!(
        html.contains("access_denied") && html.contains("alert(1)"),
        "{html}"
    );
    assert!(
        !html.contains("<script>") && !html.contains(&"x".repeat(301)),
        "{html}"
    );
}
