//! Claims that are refused: nothing leaves for the vendor, and nothing is used up.

use std::collections::BTreeMap;

use ferrule_wire::Reason::{
    self, ElementUnknown, InvalidRequest, IssuerMismatch, StateExpired, StateMismatch, StatePending,
    StateUnknown,
};
use ferrule_wire::v1::{AuthorizeRequest, ExchangeRequest};

use crate::connectors::ISSUER;
use crate::on_both_stores;
use crate::requests::{API_KEY, API_SECRET, PUBLIC_URL, bring, came_back, claim, hosted, parameters};
use crate::world::{World, reason};

on_both_stores! {
    somebody_elses_handshake_is_as_good_as_none,
    a_connect_sessions_login_is_claimed_by_that_session_alone,
    what_is_repeated_must_equal_what_was_agreed,
    what_is_repeated_as_it_was_is_fine,
    a_login_that_waits_for_its_user_is_pending,
    after_ten_minutes_it_is_too_late,
    a_request_that_makes_no_sense_is_refused,
    a_code_of_another_issuer_is_not_exchanged,
}

async fn refusal(world: &World, request: ExchangeRequest) -> Reason {
    reason(world.exchange(request).await)
}

async fn shop(world: &World) -> String {
    let state = world
        .begun(AuthorizeRequest {
            scope: "orders".to_owned(),
            parameters: parameters([("shop", "mine"), ("note", "kept")]),
            ..hosted("shops")
        })
        .await;
    world
        .callback(came_back("shops", &state, "the-code"))
        .await
        .unwrap();
    state
}

async fn somebody_elses_handshake_is_as_good_as_none(world: World) {
    let state = world.attached("acme", "the-code").await;
    let right = || claim("acme", &state);
    let unknown = world.exchange(claim("acme", "never-made")).await.unwrap_err();
    assert_eq!(unknown.reason, StateUnknown);
    for request in [
        ExchangeRequest {
            organization_id: 8,
            ..right()
        },
        ExchangeRequest {
            element: "plain".to_owned(),
            ..right()
        },
        // A mistake in the configuration of a stranger's login is not told either.
        ExchangeRequest {
            organization_id: 8,
            api_key: "another".to_owned(),
            ..right()
        },
    ] {
        assert_eq!(world.exchange(request).await.unwrap_err(), unknown);
    }
    assert_eq!(world.token_requests(), 0);
    world.granted(right()).await;
}

async fn a_connect_sessions_login_is_claimed_by_that_session_alone(world: World) {
    let of = |session: &str, state: &str| ExchangeRequest {
        connect_session: session.to_owned(),
        ..claim("acme", state)
    };
    let begun = AuthorizeRequest {
        connect_session: "s1".to_owned(),
        return_url: format!("{PUBLIC_URL}/connect/link/done?element=acme"),
        ..hosted("acme")
    };
    let state = world.begun(begun).await;
    let landing = world
        .callback(came_back("acme", &state, "the-code"))
        .await
        .unwrap();
    let way = format!("{PUBLIC_URL}/connect/link/done?element=acme&handshake={state}");
    assert_eq!(landing.redirect_to, way);
    for session in ["", "s2"] {
        assert_eq!(refusal(&world, of(session, &state)).await, StateUnknown);
    }
    let plain = world.attached("acme", "another-code").await;
    assert_eq!(refusal(&world, of("s1", &plain)).await, StateUnknown);
    assert_eq!(world.token_requests(), 0);
    world.granted(of("s1", &state)).await;
}

async fn what_is_repeated_must_equal_what_was_agreed(world: World) {
    let state = shop(&world).await;
    let right = || claim("shops", &state);
    let with = |name: &str, value: &str| ExchangeRequest {
        parameters: parameters([(name, value)]),
        ..right()
    };
    for (request, name) in [
        (
            ExchangeRequest {
                api_key: "another".to_owned(),
                ..right()
            },
            "oauth.api.key",
        ),
        (
            ExchangeRequest {
                api_secret: "another".to_owned(),
                ..right()
            },
            "oauth.api.secret",
        ),
        (
            ExchangeRequest {
                callback_url: "https://other.example/".to_owned(),
                ..right()
            },
            "oauth.callback.url",
        ),
        (with("oauth.scope", "everything"), "oauth.scope"),
        (with("shop", "theirs"), "shop"),
        (with("note", "changed"), "note"),
    ] {
        let refusal = world.exchange(request).await.unwrap_err();
        assert_eq!(refusal.reason, StateMismatch, "{refusal}");
        assert!(refusal.message.contains(&format!("`{name}`")), "{refusal}");
    }
    assert_eq!(world.token_requests(), 0);
    assert_eq!(
        world.granted(right()).await.parameters,
        parameters([("shop", "mine")])
    );
}

async fn what_is_repeated_as_it_was_is_fine(world: World) {
    let state = shop(&world).await;
    let grant = world
        .granted(ExchangeRequest {
            api_key: API_KEY.to_owned(),
            api_secret: API_SECRET.to_owned(),
            callback_url: format!("{PUBLIC_URL}/oauth/callback/shops"),
            parameters: parameters([
                ("oauth.scope", "orders"),
                ("shop", "mine"),
                ("note", "kept"),
                ("more", "new"),
            ]),
            ..claim("shops", &state)
        })
        .await;
    assert_eq!(grant.scope, "orders");
}

async fn a_login_that_waits_for_its_user_is_pending(world: World) {
    let state = world.begun(hosted("acme")).await;
    for code in ["", "a code from elsewhere is not looked at"] {
        let request = ExchangeRequest {
            code: code.to_owned(),
            ..claim("acme", &state)
        };
        assert_eq!(refusal(&world, request).await, StatePending);
    }
    assert_eq!(world.token_requests(), 0);
    world.is_untouched("acme", &state).await;
}

async fn after_ten_minutes_it_is_too_late(mut world: World) {
    let state = world.attached("acme", "the-code").await;
    world.move_clock(600);
    assert_eq!(refusal(&world, claim("acme", &state)).await, StateExpired);
    world.restart().await;
    assert_eq!(refusal(&world, claim("acme", &state)).await, StateExpired);
    assert_eq!(world.token_requests(), 0);
}

async fn a_request_that_makes_no_sense_is_refused(world: World) {
    let right = || bring("acme", "the-code", "");
    for (request, want) in [
        (
            ExchangeRequest {
                element: "nowhere".to_owned(),
                ..right()
            },
            ElementUnknown,
        ),
        (
            ExchangeRequest {
                element: "keyed".to_owned(),
                ..right()
            },
            InvalidRequest,
        ),
        (
            ExchangeRequest {
                digest: vec![1, 2, 3],
                ..right()
            },
            InvalidRequest,
        ),
        (
            ExchangeRequest {
                code: String::new(),
                ..right()
            },
            InvalidRequest,
        ),
        // Its token endpoint needs a parameter that nobody gave.
        (bring("regional", "a", ""), InvalidRequest),
        (
            ExchangeRequest {
                parameters: BTreeMap::from([("region".to_owned(), "EU!".to_owned())]),
                ..bring("regional", "b", "")
            },
            InvalidRequest,
        ),
    ] {
        assert_eq!(refusal(&world, request).await, want);
    }
    assert_eq!(world.token_requests(), 0);
    world.granted(right()).await;
}

async fn a_code_of_another_issuer_is_not_exchanged(world: World) {
    for element in ["issuing", "naming"] {
        let from = |iss: Option<&str>| ExchangeRequest {
            iss: iss.map(str::to_owned),
            ..bring(element, element, "")
        };
        assert_eq!(
            refusal(&world, from(Some("https://evil.example"))).await,
            IssuerMismatch
        );
        world.granted(from(Some(ISSUER))).await;
        // The contract's clients post the code alone.
        world
            .granted(ExchangeRequest {
                iss: None,
                ..bring(element, &format!("{element} alone"), "")
            })
            .await;
    }
}
