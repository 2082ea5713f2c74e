//! The organization's stored app: its secret goes in and never comes out, and logins begin with it.

use std::sync::atomic::Ordering;

use ferrule_testkit::HttpClient;

use crate::world::{World, platform, refused};

const APP: &str = "/elements/intercom/app";

fn stored() -> World {
    let world = World::start();
    let body = r#"{"apiKey":"kept-key","apiSecret":"c4n4ry"}"#;
    let answer = world.send("PUT", APP, Some(&platform()), body);
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (
            200,
            r#"{"element":"intercom","apiKey":"kept-key","updatedDate":"2019-07-12T15:29:52Z"}"#
        )
    );
    world
}

#[test]
fn an_app_is_stored_shown_without_its_secret_and_forgotten() {
    let world = stored();
    let shown = world.get(APP);
    assert_eq!(shown.status, 200);
    assert!(shown.text().contains("kept-key") && !shown.text().contains("c4n4ry"));
    assert_eq!(world.send("DELETE", APP, Some(&platform()), "").status, 200);
    refused(&world.get(APP), 404);
}

#[test]
fn a_login_url_without_a_key_takes_the_stored_app_in_the_call_that_authenticates() {
    let world = stored();
    let asked_before = world.registry.identified.load(Ordering::SeqCst);
    let answer = world.get("/elements/7549/oauth/url");
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("c4n4ry"));
    let asked = world.broker.last_authorized();
    assert_eq!(
        (asked.api_key.as_str(), asked.api_secret.as_str()),
        ("kept-key", "c4n4ry")
    );
    assert_eq!(world.registry.identified.load(Ordering::SeqCst), asked_before + 1);

    world.get("/elements/intercom/oauth/url?apiKey=mine&apiSecret=own");
    let asked = world.broker.last_authorized();
    assert_eq!(
        (asked.api_key.as_str(), asked.api_secret.as_str()),
        ("mine", "own")
    );
    let body = r#"{"apiKey":"mine"}"#;
    world.send("POST", "/elements/intercom/oauth/url", Some(&platform()), body);
    let asked = world.broker.last_authorized();
    assert_eq!((asked.api_key.as_str(), asked.api_secret.as_str()), ("mine", ""));
}

#[test]
fn a_change_by_way_of_this_gateway_is_known_at_once() {
    let world = stored();
    world.get("/elements/intercom/oauth/url");
    let body = r#"{"apiKey":"newer-key","apiSecret":"s"}"#;
    world.send("PUT", APP, Some(&platform()), body);
    world.get("/elements/intercom/oauth/url");
    assert_eq!(world.broker.last_authorized().api_key, "newer-key");
}

#[test]
fn nobody_unknown_gets_a_stored_app() {
    let world = stored();
    let url = "/elements/intercom/oauth/url?callbackUrl=https://a.example/cb";
    HttpClient::new().get(&world.api(url), &[]);
    assert_eq!(world.broker.last_authorized().api_key, "");
    for method in ["GET", "PUT", "DELETE"] {
        let body = if method == "PUT" { r#"{"apiKey":"k"}"# } else { "" };
        refused(&world.send(method, APP, None, body), 401);
    }
}
