//! Values that the vendor gives back, beside code and tokens, for parameters that the connector declares.

use ferrule_testkit::Scripted;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, ExchangeRequest};
use serde_json::json;

use crate::on_both_stores;
use crate::requests::{bring, came_back, claim, hosted, parameters};
use crate::world::World;

on_both_stores! {
    the_callbacks_values_become_configuration,
    so_do_those_of_the_token_answer,
    what_was_agreed_stands,
    what_does_not_fit_or_is_not_declared_is_left_out,
    the_callback_may_name_the_token_endpoint,
}

async fn the_callbacks_values_become_configuration(world: World) {
    let state = world.begun(hosted("returning")).await;
    let back = CallbackRequest {
        parameters: parameters([("account", "a1")]),
        ..came_back("returning", &state, "hosted")
    };
    world.callback(back).await.unwrap();
    let grant = world.granted(claim("returning", &state)).await;
    assert_eq!(grant.parameters, parameters([("account", "a1")]));

    let alone = ExchangeRequest {
        callback_parameters: parameters([("account", "a2")]),
        ..bring("returning", "alone", "")
    };
    assert_eq!(
        world.granted(alone).await.parameters,
        parameters([("account", "a2")])
    );
}

async fn so_do_those_of_the_token_answer(world: World) {
    let tokens = json!({"access_token": "a", "token_type": "Bearer", "dc": "us6", "account": 12});
    world.vendor.script(Scripted::json(200, &tokens));
    let grant = world.granted(bring("returning", "alone", "")).await;
    assert_eq!(grant.parameters, parameters([("dc", "us6"), ("account", "12")]));
}

async fn what_was_agreed_stands(world: World) {
    let tokens = json!({"access_token": "a", "dc": "answered", "account": "answered"});
    world.vendor.script(Scripted::json(200, &tokens));
    let begin = AuthorizeRequest {
        parameters: parameters([("account", "agreed")]),
        ..hosted("returning")
    };
    let state = world.begun(begin).await;
    let back = CallbackRequest {
        parameters: parameters([("account", "returned")]),
        ..came_back("returning", &state, "hosted")
    };
    world.callback(back).await.unwrap();
    let grant = world.granted(claim("returning", &state)).await;
    assert_eq!(
        grant.parameters,
        parameters([("account", "agreed"), ("dc", "answered")])
    );
}

async fn what_does_not_fit_or_is_not_declared_is_left_out(world: World) {
    let tokens = json!({"access_token": "a", "dc": "evil.example/", "base.url": "https://evil.example"});
    world.vendor.script(Scripted::json(200, &tokens));
    let alone = ExchangeRequest {
        callback_parameters: parameters([("account", "A B"), ("oauth.api.key", "evil")]),
        ..bring("returning", "alone", "")
    };
    let grant = world.granted(alone).await;
    assert!(grant.parameters.is_empty(), "{:?}", grant.parameters);
}

async fn the_callback_may_name_the_token_endpoint(world: World) {
    let state = world.begun(hosted("regional")).await;
    let back = CallbackRequest {
        parameters: parameters([("region", "eu")]),
        ..came_back("regional", &state, "hosted")
    };
    world.callback(back).await.unwrap();
    world.granted(claim("regional", &state)).await;
    assert_eq!(world.vendor.requests().pop().unwrap().target, "/token?region=eu");
}
