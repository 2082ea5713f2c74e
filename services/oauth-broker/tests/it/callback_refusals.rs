//! Callbacks that are refused, none of which uses anything up.

use ferrule_model::Digest;
use ferrule_wire::Reason::{
    self, BrowserMismatch, CallbackMismatch, ElementUnknown, InvalidRequest, IssuerMismatch, StateExpired,
    StateUnknown,
};
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest};

use crate::connectors::ISSUER;
use crate::on_both_stores;
use crate::requests::{came_back, claim, denied, hosted};
use crate::world::{World, reason};

on_both_stores! {
    another_connectors_path_is_refused,
    a_missing_or_other_browser_is_refused,
    an_issuer_that_differs_or_is_missing_is_refused,
    what_is_no_answer_of_a_vendor_is_refused,
    after_ten_minutes_it_is_too_late,
    a_clock_moved_back_revives_nothing,
    a_refusal_repeats_nothing_of_what_came,
}

async fn refusal(world: &World, request: CallbackRequest) -> Reason {
    reason(world.callback(request).await)
}

/// The yes and the no of one vendor.
fn answers(element: &str, state: &str) -> [CallbackRequest; 2] {
    [came_back(element, state, "stolen-code"), denied(element, state)]
}

async fn another_connectors_path_is_refused(world: World) {
    let state = world.begun(hosted("acme")).await;
    for request in answers("plain", &state) {
        assert_eq!(refusal(&world, request).await, CallbackMismatch);
    }
    for request in answers("nowhere", &state) {
        assert_eq!(refusal(&world, request).await, ElementUnknown);
    }
    assert_eq!(world.token_requests(), 0);
    world.is_untouched("acme", &state).await;
}

async fn a_missing_or_other_browser_is_refused(world: World) {
    let nonce = |text: &str| Digest::of(text).as_bytes().to_vec();
    let state = world
        .begun(AuthorizeRequest {
            browser_binding: nonce("browser A"),
            ..hosted("acme")
        })
        .await;
    for browser_binding in [Vec::new(), nonce("browser B"), b"browser A".to_vec()] {
        for request in answers("acme", &state) {
            let request = CallbackRequest {
                browser_binding: browser_binding.clone(),
                ..request
            };
            assert_eq!(refusal(&world, request).await, BrowserMismatch);
        }
    }
    let right = CallbackRequest {
        browser_binding: nonce("browser A"),
        ..came_back("acme", &state, "the-right-code")
    };
    world.callback(right).await.unwrap();
    world.granted(claim("acme", &state)).await;
}

async fn an_issuer_that_differs_or_is_missing_is_refused(world: World) {
    for (element, iss, refused) in [
        ("issuing", None, true),
        ("issuing", Some("https://issuer.example/"), true),
        ("issuing", Some(""), true),
        ("naming", Some("http://evil.example"), true),
        ("naming", None, false),
        ("naming", Some(ISSUER), false),
        ("acme", Some("https://anyone.example"), false),
    ] {
        let state = world.begun(hosted(element)).await;
        let with_iss = |request| CallbackRequest {
            iss: iss.map(str::to_owned),
            ..request
        };
        if refused {
            for request in answers(element, &state) {
                assert_eq!(
                    refusal(&world, with_iss(request)).await,
                    IssuerMismatch,
                    "{element} {iss:?}"
                );
            }
        }
        let right = came_back(element, &state, &state);
        let right = CallbackRequest {
            iss: if refused {
                Some(ISSUER.to_owned())
            } else {
                iss.map(str::to_owned)
            },
            ..right
        };
        world.callback(right).await.unwrap();
        world.granted(claim(element, &state)).await;
    }
}

async fn what_is_no_answer_of_a_vendor_is_refused(world: World) {
    let state = world.begun(hosted("acme")).await;
    for (request, want) in [
        (came_back("acme", "", "code"), InvalidRequest),
        (came_back("acme", &state, ""), InvalidRequest),
        (came_back("acme", "never-made", "code"), StateUnknown),
        (denied("acme", "never-made"), StateUnknown),
        (came_back("keyed", &state, "code"), InvalidRequest),
    ] {
        assert_eq!(refusal(&world, request).await, want);
    }
    world.is_untouched("acme", &state).await;
}

async fn after_ten_minutes_it_is_too_late(world: World) {
    let (in_time, late) = (
        world.begun(hosted("acme")).await,
        world.begun(hosted("acme")).await,
    );
    world.move_clock(599);
    world.is_untouched("acme", &in_time).await;
    world.move_clock(1);
    for request in answers("acme", &late) {
        assert_eq!(refusal(&world, request).await, StateExpired);
    }
}

async fn a_clock_moved_back_revives_nothing(mut world: World) {
    let state = world.begun(hosted("acme")).await;
    world.move_clock(-3600);
    assert_eq!(
        refusal(&world, came_back("acme", &state, "c")).await,
        StateExpired
    );
    world.move_clock(3600 + 600);
    world.restart().await;
    assert_eq!(
        refusal(&world, came_back("acme", &state, "c")).await,
        StateExpired
    );
    assert_eq!(world.token_requests(), 0);
}

async fn a_refusal_repeats_nothing_of_what_came(world: World) {
    let state = world.begun(hosted("acme")).await;
    for request in [
        came_back("plain", &state, "canary-code"),
        came_back("acme", "canary-state", "canary-code"),
        CallbackRequest {
            error: "canary-error".to_owned(),
            error_description: "canary-words".to_owned(),
            iss: Some("canary-iss".to_owned()),
            ..came_back("issuing", &state, "")
        },
    ] {
        let refusal = world.callback(request).await.unwrap_err();
        let told = format!("{refusal} {:?}", refusal.provider_message);
        assert!(!told.contains("canary") && !told.contains(&state), "{told}");
    }
}
