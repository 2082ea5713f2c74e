//! Tokens with no user at hand: by a refresh token that the caller brings, and for the app itself.

use ferrule_model::Digest;
use ferrule_testkit::Scripted;
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{ExchangeRequest, RefreshRequest, RevokeRequest};
use ferrule_wire::{Reason, Refusal};
use serde_json::json;
use tokio::task::JoinSet;

use crate::on_both_stores;
use crate::refreshing::spend;
use crate::requests::{API_KEY, API_SECRET, bring, parameters};
use crate::world::{BEGINNING, World, blocking, exchange, granted, reason};

on_both_stores! {
    a_brought_token_is_spent_once_and_its_answer_told_until_it_is_confirmed,
    after_a_no_a_brought_token_may_be_sent_again,
    an_app_asks_again_whenever_it_is_asked_and_nothing_is_kept,
    a_brought_answer_outlives_its_caller,
}

/// A refresh token of a login elsewhere.
fn brought(element: &str, token: &str) -> ExchangeRequest {
    ExchangeRequest {
        refresh_token: token.to_owned(),
        code: String::new(),
        callback_url: String::new(),
        digest: Digest::of(token).as_bytes().to_vec(),
        ..bring(element, "", "")
    }
}

/// The app itself.
fn app() -> ExchangeRequest {
    ExchangeRequest {
        digest: Vec::new(),
        ..brought("robots", "")
    }
}

/// The app's next token.
fn next(version: i64) -> RefreshRequest {
    RefreshRequest {
        version,
        scope: "granted once".to_owned(),
        ..spend("robots", "")
    }
}

async fn a_brought_token_is_spent_once_and_its_answer_told_until_it_is_confirmed(world: World) {
    let request = brought("acme", "from elsewhere");
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        calls.spawn(exchange(world.client(), request.clone()));
    }
    let grants: Vec<_> = calls.join_all().await.into_iter().map(granted).collect();
    assert!(grants.iter().all(|grant| *grant == grants[0]));
    let [sent] = &world.vendor.requests_to("/token")[..] else {
        panic!("it was sent more than once")
    };
    assert_eq!(sent.parameter("grant_type").unwrap(), "refresh_token");
    assert_eq!(sent.parameter("refresh_token").unwrap(), "from elsewhere");
    assert_eq!(sent.parameter("client_secret").unwrap(), API_SECRET);
    let grant = &grants[0];
    assert!(grant.refresh_token.starts_with("refresh-of-the-scripted-vendor"));
    assert_eq!(grant.expires_at, Some((BEGINNING + 3600) * 1_000_000));
    assert_eq!(
        (grant.api_key.as_str(), grant.scope.as_str()),
        (API_KEY, "read write")
    );
    assert_eq!(world.granted(request.clone()).await, *grant);
    world.confirm(&request).await;
    let told = world.exchange(request).await.unwrap();
    assert!(matches!(told, Outcome::Confirmed(_)));
    assert_eq!(world.token_requests(), 1);
}

async fn after_a_no_a_brought_token_may_be_sent_again(world: World) {
    let request = brought("acme", "from elsewhere");
    let page = Scripted::new(200, "text/html", "<html>Welcome</html>");
    let said = |status, error: &str| {
        let answer = json!({"error": error, "error_description": "of from elsewhere"});
        Scripted::json(status, &answer)
    };
    for (answer, want, error) in [
        (
            said(400, "invalid_grant"),
            Reason::VendorRejected,
            Some("invalid_grant"),
        ),
        (
            said(401, "invalid_client"),
            Reason::VendorRejected,
            Some("invalid_client"),
        ),
        (said(429, "slow_down"), Reason::VendorUnreachable, None),
        (said(500, "server_error"), Reason::ExchangeUnknown, None),
        (page, Reason::ExchangeUnknown, None),
        (Scripted::cut(), Reason::ExchangeUnknown, None),
    ] {
        world.vendor.script(answer);
        let refusal = world.exchange(request.clone()).await.unwrap_err();
        assert_eq!(refusal.reason, want, "{refusal}");
        let words = refusal.provider_message.unwrap_or_default();
        assert!(words.starts_with(error.unwrap_or_default()), "{words}");
        assert!(!words.contains("elsewhere"), "{words}");
    }
    world.granted(request).await;
    assert_eq!(world.token_requests(), 7);
}

async fn an_app_asks_again_whenever_it_is_asked_and_nothing_is_kept(world: World) {
    let answer = json!({"access_token": "a", "refresh_token": "unasked", "expires_in": 60});
    world.vendor.script(Scripted::json(200, &answer));
    let first = world.granted(app()).await;
    assert_eq!(
        (first.access_token.as_str(), first.refresh_token.as_str()),
        ("a", "")
    );
    assert_eq!(first.scope, "read write");
    let second = world.granted(app()).await;
    assert_ne!(second.access_token, first.access_token);
    let own = ExchangeRequest {
        parameters: parameters([("oauth.scope", "less")]),
        ..app()
    };
    world.granted(own).await;
    let sent = world.vendor.requests_to("/token");
    let scopes: Vec<_> = sent.iter().map(|one| one.parameter("scope").unwrap()).collect();
    assert_eq!(scopes, ["read write", "read write", "less"]);
    for one in &sent {
        assert_eq!(one.parameter("grant_type").unwrap(), "client_credentials");
        assert_eq!(one.parameter("client_id").unwrap(), API_KEY);
        assert_eq!(one.parameter("audience").unwrap(), "everyone");
        assert_eq!(one.parameter("redirect_uri"), None);
    }
    let dump = world.dump();
    assert!(!String::from_utf8_lossy(&dump).contains("exchange:"));
}

async fn a_brought_answer_outlives_its_caller(mut world: World) {
    let held = world.vendor.hold();
    let request = brought("acme", "from elsewhere");
    let call = tokio::spawn(exchange(world.client(), request.clone()));
    blocking(|| world.vendor.wait_for_requests("/token", 1));
    call.abort();
    drop(held);
    world.restart().await;
    world.granted(request).await;
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_next_token_is_asked_for_by_its_key_and_secret_alone() {
    let world = World::embedded().await;
    let answer = json!({"access_token": "b", "refresh_token": "unasked", "expires_in": "60"});
    world.vendor.script(Scripted::json(200, &answer));
    let grant = world.refreshed(next(1)).await;
    assert_eq!(
        (grant.access_token.as_str(), grant.refresh_token.as_str()),
        ("b", "")
    );
    assert_eq!(grant.expires_at, Some((BEGINNING + 60) * 1_000_000));
    let sent = world.vendor.requests_to("/token").remove(0);
    assert_eq!(sent.parameter("grant_type").unwrap(), "client_credentials");
    assert_eq!(sent.parameter("scope").unwrap(), "read write");
    assert_eq!(sent.parameter("refresh_token"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_verdict_asks_an_app_for_its_user() {
    let world = World::embedded().await;
    for (version, status, error, want) in [
        (1, 401, "invalid_client", Kind::AppMisconfigured),
        (2, 400, "unauthorized_client", Kind::AppMisconfigured),
        (3, 400, "invalid_grant", Kind::AppMisconfigured),
        (4, 400, "invalid_scope", Kind::Transient),
        (5, 500, "server_error", Kind::Transient),
        (6, 429, "slow_down", Kind::Throttled),
    ] {
        world
            .vendor
            .script(Scripted::json(status, &json!({"error": error})));
        let verdict = world.verdict(next(version)).await;
        assert_eq!(verdict.kind(), want, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_the_vendor_refuses_hears_its_words_without_its_secret() {
    let world = World::embedded().await;
    let answer = json!({"error": "invalid_client", "error_description": format!("not {API_SECRET}")});
    world.vendor.script(Scripted::json(401, &answer));
    let refusal = world.exchange(app()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::VendorRejected);
    assert!(
        refusal
            .message
            .starts_with("Robots refused the app's key and secret.")
    );
    let words = refusal.provider_message.unwrap();
    assert!(
        words.starts_with("invalid_client") && !words.contains(API_SECRET),
        "{words}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_token_is_revoked() {
    let world = World::embedded().await;
    let request = RevokeRequest {
        element: "robots".to_owned(),
        api_key: API_KEY.to_owned(),
        api_secret: API_SECRET.to_owned(),
        token: "a".to_owned(),
        ..RevokeRequest::default()
    };
    assert!(world.revoke(request).await.unwrap());
    let sent = world.vendor.requests_to("/revoke").remove(0);
    assert_eq!(sent.parameter("token_type_hint").unwrap(), "access_token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connector_of_another_kind_takes_no_refresh_token() {
    let world = World::embedded().await;
    let refused: Result<Outcome, Refusal> = world.exchange(brought("keyed", "t")).await;
    assert_eq!(reason(refused), Reason::InvalidRequest);
    let nobody: Result<Outcome, Refusal> = world.exchange(brought("nobody", "t")).await;
    assert_eq!(reason(nobody), Reason::ElementUnknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_the_store_away_a_brought_token_stays_unspent() {
    let mut world = World::redis().await;
    world.server().kill();
    let refused = world.exchange(brought("acme", "t")).await;
    assert_eq!(reason(refused), Reason::Unavailable);
    assert_eq!(world.token_requests(), 0);
    world.granted(app()).await;
}
