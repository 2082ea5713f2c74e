//! What comes back to Ferrule's own callback, and where the browser goes from there.

use ferrule_wire::Reason;
use ferrule_wire::v1::find_outcome_response::Stage;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, CallbackResponse, FindOutcomeRequest};
use tokio::task::JoinSet;

use crate::on_both_stores;
use crate::requests::{came_back, claim, hosted, parameter, parameters};
use crate::world::{World, reason};

on_both_stores! {
    a_code_sends_the_browser_back_with_both_states,
    without_a_return_url_a_page_shows_what_became_of_it,
    the_same_callback_again_gets_the_same_redirect_until_it_is_claimed,
    another_code_is_refused_and_the_first_stands,
    of_50_at_once_one_attaches,
}

fn returning(element: &str) -> AuthorizeRequest {
    AuthorizeRequest {
        return_url: "https://app.example/done?tab=2".to_owned(),
        state: "the caller's own".to_owned(),
        ..hosted(element)
    }
}

async fn a_code_sends_the_browser_back_with_both_states(world: World) {
    let state = world.begun(returning("acme")).await;
    let landing = world
        .callback(came_back("acme", &state, "the-code"))
        .await
        .unwrap();
    let url = &landing.redirect_to;
    assert!(url.starts_with("https://app.example/done?tab=2&"), "{url}");
    assert_eq!(parameter(url, "state").unwrap(), "the caller's own");
    assert_eq!(parameter(url, "handshake").unwrap(), state);
    assert_eq!(parameter(url, "code"), None);
    assert_eq!((landing.handshake, landing.denied), (state, false));
}

async fn without_a_return_url_a_page_shows_what_became_of_it(world: World) {
    let state = world.begun(hosted("acme")).await;
    assert_eq!(world.stage("acme", &state).await, Stage::Pending);
    let landing = world
        .callback(came_back("acme", &state, "the-code"))
        .await
        .unwrap();
    let page = CallbackResponse {
        element: "acme".to_owned(),
        handshake: state.clone(),
        ..CallbackResponse::default()
    };
    assert_eq!(landing, page);
    assert_eq!(world.stage("acme", &state).await, Stage::Attached);
    world.granted(claim("acme", &state)).await;
    assert_eq!(world.stage("acme", &state).await, Stage::Claimed);

    for (element, handshake) in [("plain", state.as_str()), ("acme", "unknown")] {
        let request = FindOutcomeRequest {
            element: element.to_owned(),
            handshake: handshake.to_owned(),
        };
        let found = world.client().find_outcome(request).await;
        assert_eq!(reason(found.map_err(Into::into)), Reason::StateUnknown);
    }
}

async fn the_same_callback_again_gets_the_same_redirect_until_it_is_claimed(world: World) {
    let state = world.begun(returning("acme")).await;
    let same = || CallbackRequest {
        parameters: parameters([("realmId", "12")]),
        ..came_back("acme", &state, "the-code")
    };
    let first = world.callback(same()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(world.callback(same()).await.unwrap(), first);
    }
    world.granted(claim("acme", &state)).await;
    assert_eq!(reason(world.callback(same()).await), Reason::StateSpent);
    assert_eq!(world.vendor.token_requests_for("the-code"), 1);
}

async fn another_code_is_refused_and_the_first_stands(world: World) {
    let state = world.attached("acme", "first").await;
    assert_eq!(
        reason(world.callback(came_back("acme", &state, "second")).await),
        Reason::StateSpent
    );
    world.granted(claim("acme", &state)).await;
    assert_eq!(world.vendor.token_requests_for("first"), 1);
    assert_eq!(world.token_requests(), 1);
}

async fn of_50_at_once_one_attaches(world: World) {
    let state = world.begun(hosted("acme")).await;
    let mut callbacks = JoinSet::new();
    for n in 0..50 {
        let mut client = world.client();
        let request = came_back("acme", &state, &format!("code-{n}"));
        callbacks.spawn(async move { client.callback(request).await.map_err(Into::into) });
    }
    let (attached, refused): (Vec<_>, Vec<_>) =
        callbacks.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!((attached.len(), refused.len()), (1, 49));
    for refused in refused {
        assert_eq!(reason(refused), Reason::StateSpent);
    }
    world.granted(claim("acme", &state)).await;
    assert_eq!(world.token_requests(), 1);
}
