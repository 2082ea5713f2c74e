//! The user or the vendor said no.

use ferrule_wire::Reason;
use ferrule_wire::v1::find_outcome_response::Stage;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, ExchangeRequest};

use crate::on_both_stores;
use crate::requests::{bring, came_back, claim, denied, hosted, own, parameter, parameters};
use crate::world::{World, reason};

on_both_stores! {
    the_browser_goes_back_with_the_error_and_the_callers_state,
    without_a_return_url_the_page_gets_the_words,
    it_ends_the_login,
    one_that_the_callers_own_callback_got_is_told_and_uses_nothing_up,
    the_vendors_words_are_cut_and_cleaned,
}

async fn the_browser_goes_back_with_the_error_and_the_callers_state(world: World) {
    let state = world
        .begun(AuthorizeRequest {
            return_url: "https://app.example/done".to_owned(),
            state: "mine".to_owned(),
            ..hosted("acme")
        })
        .await;
    let landing = world.callback(denied("acme", &state)).await.unwrap();
    let url = &landing.redirect_to;
    for (name, value) in [
        ("error", "access_denied"),
        ("error_description", "The user said no"),
        ("state", "mine"),
        ("handshake", &state),
    ] {
        assert_eq!(parameter(url, name).as_deref(), Some(value), "{url}");
    }
    assert!(landing.denied);
}

async fn without_a_return_url_the_page_gets_the_words(world: World) {
    let state = world.begun(hosted("acme")).await;
    let landing = world.callback(denied("acme", &state)).await.unwrap();
    assert_eq!(landing.redirect_to, "");
    assert!(landing.denied);
    assert_eq!(
        (landing.error.as_str(), landing.error_description.as_str()),
        ("access_denied", "The user said no")
    );
    assert_eq!(world.stage("acme", &state).await, Stage::Denied);
}

async fn it_ends_the_login(world: World) {
    let state = world.begun(hosted("acme")).await;
    world.callback(denied("acme", &state)).await.unwrap();
    for later in [came_back("acme", &state, "late"), denied("acme", &state)] {
        assert_eq!(reason(world.callback(later).await), Reason::StateSpent);
    }
    let refusal = world.exchange(claim("acme", &state)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::UserDenied);
    assert_eq!(
        refusal.provider_message.as_deref(),
        Some("access_denied: The user said no")
    );
    assert_eq!(world.token_requests(), 0);
}

async fn one_that_the_callers_own_callback_got_is_told_and_uses_nothing_up(world: World) {
    let url = world.authorize(own("acme")).await.unwrap().oauth_url;
    let state = parameter(&url, "state").unwrap();
    let no = parameters([
        ("error", "access_denied"),
        ("error_description", "The user said no"),
    ]);
    for state in [&state, "acme"] {
        let request = ExchangeRequest {
            callback_parameters: no.clone(),
            ..claim("acme", state)
        };
        let refusal = world.exchange(request).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::UserDenied);
        assert_eq!(
            refusal.provider_message.as_deref(),
            Some("access_denied: The user said no")
        );
    }
    world.granted(bring("acme", "the-code", &state)).await;
}

async fn the_vendors_words_are_cut_and_cleaned(world: World) {
    let state = world.begun(hosted("acme")).await;
    let landing = world
        .callback(CallbackRequest {
            error: "access_denied\r\nSet-Cookie: x=1".to_owned(),
            error_description: format!("\u{1b}[31m\u{202e}no\0 {state} {}", "x".repeat(5000)),
            ..denied("acme", &state)
        })
        .await
        .unwrap();
    assert_eq!(landing.error, "access_deniedSet-Cookie: x=1");
    let words = landing.error_description;
    assert!(words.starts_with("[31mno ******** xxx"), "{words}");
    assert_eq!(words.chars().count(), 300);
    assert!(!words.contains(char::is_control));
}
