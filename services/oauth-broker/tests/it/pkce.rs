//! PKCE (RFC 7636), S256 only, checked with a digest that is not ours.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_wire::Reason;
use ferrule_wire::v1::AuthorizeRequest;
use sha2::{Digest as _, Sha256};

use crate::on_both_stores;
use crate::requests::{bring, came_back, claim, hosted, own, parameter};
use crate::world::{World, reason};

on_both_stores! {
    on_ferrules_callback_it_is_s256_with_a_verifier_that_matches,
    on_the_callers_callback_it_comes_on_request_and_where_the_vendor_requires_it,
    a_code_for_a_vendor_that_requires_it_needs_its_state,
}

/// RFC 7636 section 4.2.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

async fn on_ferrules_callback_it_is_s256_with_a_verifier_that_matches(world: World) {
    let mut verifiers = HashSet::new();
    for element in ["acme", "strict", "acme"] {
        let answer = world.authorize(hosted(element)).await.unwrap();
        assert_eq!(
            parameter(&answer.oauth_url, "code_challenge_method").unwrap(),
            "S256"
        );
        let state = answer.state.unwrap();
        world.callback(came_back(element, &state, &state)).await.unwrap();
        world.granted(claim(element, &state)).await;
        let sent = world.vendor.requests_to("/token").pop().unwrap();
        let verifier = sent.parameter("code_verifier").unwrap();
        assert!(verifier.len() >= 43);
        assert_eq!(
            parameter(&answer.oauth_url, "code_challenge").unwrap(),
            challenge(&verifier)
        );
        verifiers.insert(verifier);
    }
    assert_eq!(verifiers.len(), 3, "a fresh one each time");

    let answer = world.authorize(hosted("plain")).await.unwrap();
    assert!(
        !answer.oauth_url.contains("code_challenge"),
        "the connector says off"
    );
    let state = answer.state.unwrap();
    world
        .callback(came_back("plain", &state, "unchallenged"))
        .await
        .unwrap();
    world.granted(claim("plain", &state)).await;
    let sent = world.vendor.requests_to("/token").pop().unwrap();
    assert_eq!(sent.parameter("code_verifier"), None);
}

async fn on_the_callers_callback_it_comes_on_request_and_where_the_vendor_requires_it(world: World) {
    let url = world.authorize(own("acme")).await.unwrap().oauth_url;
    assert!(!url.contains("code_challenge"), "{url}");

    for (element, pkce, state) in [
        ("acme", true, "mine"),
        ("strict", false, "mine"),
        ("strict", false, ""),
    ] {
        let request = AuthorizeRequest {
            pkce,
            state: state.to_owned(),
            ..own(element)
        };
        let url = world.authorize(request).await.unwrap().oauth_url;
        let (challenged, state) = (
            parameter(&url, "code_challenge").unwrap(),
            parameter(&url, "state").unwrap(),
        );
        world
            .granted(bring(element, &format!("{element}{state}"), &state))
            .await;
        let sent = world.vendor.requests_to("/token").pop().unwrap();
        assert_eq!(challenge(&sent.parameter("code_verifier").unwrap()), challenged);
    }
}

async fn a_code_for_a_vendor_that_requires_it_needs_its_state(world: World) {
    for state in ["", "never handed out"] {
        let refused = world.exchange(bring("strict", "the-code", state)).await;
        assert_eq!(reason(refused), Reason::InvalidRequest);
    }
    assert_eq!(world.token_requests(), 0);
}
