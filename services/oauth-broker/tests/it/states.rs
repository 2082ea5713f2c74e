//! Whose `state` the vendor gets, and what is kept for it.

use ferrule_wire::Reason;
use ferrule_wire::v1::{AuthorizeRequest, ExchangeRequest};

use crate::on_both_stores;
use crate::pkce::challenge;
use crate::requests::{anonymous, bring, came_back, hosted, own, parameter};
use crate::world::{World, reason};

on_both_stores! {
    the_callers_own_state_goes_verbatim_and_keeps_nothing,
    without_one_a_known_caller_gets_ferrules_which_is_claimed_once,
    ferrules_state_holds_for_one_organization_connector_client_and_callback,
    of_two_logins_under_one_state_of_the_callers_the_newer_stands,
    two_organizations_may_use_one_state_of_their_own,
    a_state_for_the_callers_own_callback_is_no_good_at_ferrules,
}

async fn state_of(world: &World, request: AuthorizeRequest) -> String {
    parameter(&world.authorize(request).await.unwrap().oauth_url, "state").unwrap()
}

async fn the_callers_own_state_goes_verbatim_and_keeps_nothing(world: World) {
    let verbatim = "a b&c=%20\u{e9}/?#";
    for request in [anonymous("acme"), own("acme")] {
        let request = AuthorizeRequest {
            state: verbatim.to_owned(),
            ..request
        };
        assert_eq!(state_of(&world, request).await, verbatim);
    }
    assert_eq!(state_of(&world, anonymous("acme")).await, "acme");
    // It need not be unique, and with the code it may be left out.
    world.granted(bring("acme", "with the state", verbatim)).await;
    world.granted(bring("acme", "again", verbatim)).await;
    world.granted(bring("acme", "without", "")).await;
}

async fn without_one_a_known_caller_gets_ferrules_which_is_claimed_once(world: World) {
    let state = state_of(&world, own("acme")).await;
    assert!(state.starts_with("fs_") && state.len() == 46, "{state}");
    assert_ne!(state, state_of(&world, own("acme")).await);
    world.granted(bring("acme", "first", &state)).await;
    assert_eq!(
        reason(world.exchange(bring("acme", "second", &state)).await),
        Reason::CodeSpent
    );
    assert_eq!(world.vendor.token_requests_for("second"), 0);
}

async fn ferrules_state_holds_for_one_organization_connector_client_and_callback(world: World) {
    let state = state_of(&world, own("acme")).await;
    let right = || bring("acme", "the-code", &state);
    for (request, want) in [
        (
            ExchangeRequest {
                organization_id: 8,
                ..right()
            },
            Reason::StateUnknown,
        ),
        (
            ExchangeRequest {
                element: "plain".to_owned(),
                ..right()
            },
            Reason::StateUnknown,
        ),
        (
            ExchangeRequest {
                api_key: "another".to_owned(),
                ..right()
            },
            Reason::StateMismatch,
        ),
        (
            ExchangeRequest {
                callback_url: "https://other.example/".to_owned(),
                ..right()
            },
            Reason::StateMismatch,
        ),
        (
            ExchangeRequest {
                state: format!("{state}x"),
                ..right()
            },
            Reason::StateUnknown,
        ),
        (
            ExchangeRequest {
                code: String::new(),
                ..right()
            },
            Reason::StatePending,
        ),
    ] {
        assert_eq!(reason(world.exchange(request).await), want);
    }
    assert_eq!(world.token_requests(), 0);
    world.granted(right()).await;
}

async fn of_two_logins_under_one_state_of_the_callers_the_newer_stands(world: World) {
    let begin = |api_secret: &str| AuthorizeRequest {
        state: "intercom".to_owned(),
        api_secret: api_secret.to_owned(),
        pkce: true,
        ..own("acme")
    };
    let mut challenges = Vec::new();
    for secret in ["older", "newer"] {
        let url = world.authorize(begin(secret)).await.unwrap().oauth_url;
        challenges.push(parameter(&url, "code_challenge").unwrap());
    }
    let request = ExchangeRequest {
        api_secret: String::new(),
        ..bring("acme", "the-code", "intercom")
    };
    assert_eq!(world.granted(request).await.api_secret, "newer");
    let sent = world.vendor.requests_to("/token").remove(0);
    let verifier = sent.parameter("code_verifier").unwrap();
    assert_eq!(challenge(&verifier), challenges[1]);
}

async fn two_organizations_may_use_one_state_of_their_own(world: World) {
    for organization in [7, 8] {
        let request = AuthorizeRequest {
            organization_id: Some(organization),
            state: "intercom".to_owned(),
            api_secret: format!("secret of {organization}"),
            pkce: true,
            ..own("acme")
        };
        world.authorize(request).await.unwrap();
    }
    for organization in [7, 8] {
        let code = format!("code of {organization}");
        let request = ExchangeRequest {
            organization_id: organization,
            api_secret: String::new(),
            ..bring("acme", &code, "intercom")
        };
        let grant = world.granted(request).await;
        assert_eq!(grant.api_secret, format!("secret of {organization}"));
    }
}

async fn a_state_for_the_callers_own_callback_is_no_good_at_ferrules(world: World) {
    let state = state_of(&world, own("acme")).await;
    assert_eq!(
        reason(world.callback(came_back("acme", &state, "c")).await),
        Reason::StateUnknown
    );
    let hosted_state = world.begun(hosted("acme")).await;
    assert_eq!(hosted_state.len(), 43, "256 bits in base64url");
    world.granted(bring("acme", "the-code", &state)).await;
}
