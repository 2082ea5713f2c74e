//! What a refresh sends, and what its new pair holds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_testkit::Scripted;
use ferrule_wire::Reason;
use ferrule_wire::v1::RefreshRequest;
use serde_json::{Value, json};
use url::form_urlencoded::{byte_serialize, parse};

use crate::on_both_stores;
use crate::refreshing::{refresh, spend, spend_version};
use crate::requests::{API_KEY, API_SECRET, CALLBACK_URL, parameters};
use crate::world::{BEGINNING, World, reason};

on_both_stores! {
    a_rotating_token_is_followed_from_pair_to_pair,
    a_reusable_token_stays_in_force,
}

async fn a_rotating_token_is_followed_from_pair_to_pair(world: World) {
    let mut token = "first".to_owned();
    for version in 1..=3 {
        let request = spend_version(version, "acme", &token);
        let grant = world.refreshed(request.clone()).await;
        assert!(grant.refresh_token.starts_with("refresh-of-the-scripted-vendor"));
        assert_ne!(grant.refresh_token, token);
        assert_eq!(grant.requested_at, BEGINNING * 1_000_000);
        assert_eq!(grant.expires_at, Some((BEGINNING + 3600) * 1_000_000));
        assert_eq!(
            (grant.api_key, grant.api_secret),
            (API_KEY.to_owned(), API_SECRET.to_owned())
        );
        assert_eq!(grant.callback_url, CALLBACK_URL);
        world.confirm_refresh(&request).await.unwrap();
        token = grant.refresh_token;
    }
    assert_eq!(world.token_requests(), 3);
}

async fn a_reusable_token_stays_in_force(world: World) {
    for version in 1..=3 {
        let answer = json!({"access_token": format!("access {version}"), "expires_in": 60});
        world.vendor.script(Scripted::json(200, &answer));
        let grant = world.refreshed(spend_version(version, "acme", "for ever")).await;
        assert_eq!(grant.access_token, format!("access {version}"));
        assert_eq!(grant.refresh_token, "", "the old one is kept");
    }
    let sent = world.vendor.requests_to("/token");
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter()
            .all(|request| request.parameter("refresh_token").unwrap() == "for ever")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lifetimes_are_read_as_vendors_write_them() {
    let world = World::embedded().await;
    let day = 24 * 3600;
    for (version, expires_in, seconds) in [
        (1, Value::Null, None),
        (2, json!(0), None),
        (3, json!("0"), None),
        (4, json!(-5), None),
        (5, json!(60), Some(60)),
        (6, json!("60"), Some(60)),
        (7, json!(60.0), Some(60)),
        (8, json!("soon"), None),
        (9, json!(1e300), None),
        (10, json!(u64::MAX), None),
        (11, json!(365_000 * day), Some(365_000 * day)),
    ] {
        let mut answer = json!({"access_token": "a", "refresh_token": "r"});
        if !expires_in.is_null() {
            answer["expires_in"] = expires_in.clone();
        }
        world.vendor.script(Scripted::json(200, &answer));
        let grant = world.refreshed(spend_version(version, "acme", "token")).await;
        let ends = seconds.map(|seconds| (BEGINNING + seconds) * 1_000_000);
        assert_eq!(grant.expires_at, ends, "{expires_in}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_shrank_is_told_and_one_that_is_not_named_stays() {
    let world = World::embedded().await;
    for (version, answer, scope) in [
        (1, json!({"access_token": "a"}), "read write"),
        (2, json!({"access_token": "a", "scope": "read"}), "read"),
        (
            3,
            json!({"access_token": "a", "scope": ["read", "list"]}),
            "read list",
        ),
    ] {
        world.vendor.script(Scripted::json(200, &answer));
        let request = RefreshRequest {
            scope: "read write".to_owned(),
            ..spend_version(version, "acme", "token")
        };
        assert_eq!(world.refreshed(request).await.scope, scope);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_with_the_client_in_the_body_and_no_scope() {
    let world = World::embedded().await;
    world.refreshed(spend("acme", "the/token")).await;
    let request = world.vendor.requests().pop().unwrap();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/token")
    );
    let fields: Vec<(String, String)> = parse(&request.body).into_owned().collect();
    let want = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "the/token"),
        ("client_id", API_KEY),
        ("client_secret", API_SECRET),
    ];
    assert_eq!(
        fields,
        want.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(request.header("authorization"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_in_a_basic_header() {
    let world = World::embedded().await;
    world.refreshed(spend("basic", "the-token")).await;
    let request = world.vendor.requests().pop().unwrap();
    let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let credentials = STANDARD.encode(format!("{}:{}", coded(API_KEY), coded(API_SECRET)));
    assert_eq!(
        request.header("authorization").unwrap(),
        format!("Basic {credentials}")
    );
    assert_eq!(request.parameter("client_secret"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_with_the_connectors_own_parameters() {
    let world = World::embedded().await;
    world.refreshed(spend("json", "the-token")).await;
    let request = world.vendor.requests().pop().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    let want = json!({
        "grant_type": "refresh_token",
        "refresh_token": "the-token",
        "client_id": API_KEY,
        "client_secret": API_SECRET,
        "audience": "everyone",
    });
    assert_eq!(body, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_endpoint_of_the_instances_own_address() {
    let world = World::embedded().await;
    for (version, name) in [(1, "shop"), (2, "siteAddress"), (3, "subdomain")] {
        let request = RefreshRequest {
            parameters: parameters([(name, "mine")]),
            ..spend_version(version, "shops", name)
        };
        let grant = world.refreshed(request).await;
        assert_eq!(world.vendor.requests().pop().unwrap().target, "/token?shop=mine");
        assert_eq!(grant.parameters, parameters([("shop", "mine")]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_and_nothing_is_sent() {
    let world = World::embedded().await;
    let bad_address = RefreshRequest {
        parameters: parameters([("shop", "evil.example/")]),
        ..spend("shops", "token")
    };
    for (request, why) in [
        (spend("nobody", "token"), Reason::ElementUnknown),
        (spend("keyed", "token"), Reason::InvalidRequest),
        (spend("shops", "token"), Reason::InvalidRequest),
        (bad_address, Reason::InvalidRequest),
        (spend("acme", ""), Reason::InvalidRequest),
    ] {
        let element = request.element.clone();
        assert_eq!(reason(refresh(world.client(), request).await), why, "{element}");
    }
    assert_eq!(world.token_requests(), 0);
}
