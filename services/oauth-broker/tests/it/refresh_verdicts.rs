//! Refreshes that bring no tokens: what each means, and that nothing of it stays behind.

use std::time::Duration;

use ferrule_testkit::Scripted;
use ferrule_wire::v1::verdict::Kind::{
    self, AppMisconfigured, ReauthorizationRequired, Throttled, Transient, Unanswered,
};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use crate::on_both_stores;
use crate::refreshing::{spend, spend_version};
use crate::requests::API_SECRET;
use crate::world::World;

on_both_stores! {
    every_answer_has_its_verdict_and_the_token_may_be_tried_again,
    a_vendor_that_is_not_reached_is_transient,
}

fn error(error: &str) -> Value {
    json!({"error": error})
}

/// 90 s after the clock's beginning.
const SOON: &str = "Fri, 15 Jan 2027 08:01:30 GMT";
const BEFORE: &str = "Fri, 15 Jan 2027 07:59:00 GMT";

fn asks_to_wait(status: u16, retry_after: &str) -> Scripted {
    Scripted::json(status, &error("slow_down")).with_header("Retry-After", retry_after)
}

#[rustfmt::skip]
fn answers() -> Vec<(&'static str, Scripted, Kind, Option<i64>)> {
    let page = |status| Scripted::new(status, "text/html", "<html>Welcome</html>");
    let json = |status, name| Scripted::json(status, &error(name));
    vec![
        ("429", json(429, "slow_down"), Throttled, None),
        ("429 in seconds", asks_to_wait(429, "7"), Throttled, Some(7_000)),
        ("429 until a date", asks_to_wait(429, SOON), Throttled, Some(90_000)),
        ("429 until a date that is over", asks_to_wait(429, BEFORE), Throttled, None),
        ("429 with nonsense", asks_to_wait(429, "a while"), Throttled, None),
        ("429 for a year", asks_to_wait(429, "31536000"), Throttled, Some(86_400_000)),
        ("429 that names the token", json(429, "invalid_grant"), Throttled, None),
        ("503 in seconds", asks_to_wait(503, "1"), Throttled, Some(1_000)),
        ("503 with nonsense", asks_to_wait(503, "a while"), Throttled, None),
        ("503", page(503), Transient, None),
        ("500 in seconds", asks_to_wait(500, "7"), Transient, None),
        ("500", json(500, "server_error"), Transient, None),
        ("500 that names the token", json(500, "invalid_grant"), Transient, None),
        ("502", page(502), Transient, None),
        ("302", Scripted::new(302, "text/plain", "").with_header("Location", "/token"), Transient, None),
        ("401 without words", page(401), Transient, None),
        ("403", page(403), Transient, None),
        ("404", page(404), Transient, None),
        ("400 without words", Scripted::new(400, "application/json", ""), Transient, None),
        ("400 in other words", json(400, "invalid_request"), Transient, None),
        ("400 about the scope", json(400, "invalid_scope"), Transient, None),
        ("408", json(408, "timeout"), Transient, None),
        ("200 in other words", json(200, "temporarily_unavailable"), Transient, None),
        ("200, a page", page(200), Unanswered, None),
        ("200, empty", Scripted::new(200, "application/json", ""), Unanswered, None),
        ("200, broken", Scripted::new(200, "application/json", r#"{"access_token": "a"#), Unanswered, None),
        ("200, no token", Scripted::json(200, &json!({"expires_in": 60})), Unanswered, None),
        ("204", Scripted::new(204, "text/plain", ""), Unanswered, None),
        ("cut", Scripted::cut(), Unanswered, None),
        ("cut within", Scripted::json(200, &json!({"access_token": "half"})).cut_after(100), Unanswered, None),
        ("20 MB", Scripted::new(200, "application/json", vec![b' '; 20_000_000]), Unanswered, None),
        ("400 about the app", json(400, "invalid_client"), AppMisconfigured, None),
        ("401 about the app", json(401, "invalid_client"), AppMisconfigured, None),
        ("400, not allowed", json(400, "unauthorized_client"), AppMisconfigured, None),
        ("401, not allowed", json(401, "unauthorized_client"), AppMisconfigured, None),
        ("GitHub about the app", json(200, "incorrect_client_credentials"), AppMisconfigured, None),
        ("400 about the token", json(400, "invalid_grant"), ReauthorizationRequired, None),
        ("401 about the token", json(401, "invalid_grant"), ReauthorizationRequired, None),
        ("200 about the token", json(200, "invalid_grant"), ReauthorizationRequired, None),
        ("GitHub about the token", json(200, "bad_refresh_token"), ReauthorizationRequired, None),
        ("Entra ID about the user", json(400, "interaction_required"), ReauthorizationRequired, None),
    ]
}

async fn every_answer_has_its_verdict_and_the_token_may_be_tried_again(world: World) {
    for (version, (what, answer, kind, retry_after)) in (1..).zip(answers()) {
        world.vendor.script(answer);
        let request = spend_version(version, "acme", what);
        let before = world.token_requests();
        let verdict = world.verdict(request.clone()).await;
        assert_eq!(
            (verdict.kind(), verdict.retry_after),
            (kind, retry_after),
            "{what}"
        );
        assert_eq!(world.token_requests() - before, 1, "{what}");
        assert_eq!(world.waiting(&request).await, Ok(None), "{what}");
        world.refreshed(request).await;
        assert_eq!(world.token_requests() - before, 2, "{what}");
    }
}

async fn a_vendor_that_is_not_reached_is_transient(world: World) {
    for _ in 0..2 {
        let verdict = world.verdict(spend("absent", "token")).await;
        assert_eq!(verdict.kind(), Transient);
        assert_eq!(verdict.provider_message, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vendors_words_are_told_without_the_secrets_that_they_echo() {
    let world = World::embedded().await;
    let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let token = "echoed+token/1";
    let echo = format!(
        "\u{1b}[0m{token} {} {API_SECRET} {}",
        coded(token),
        coded(API_SECRET)
    );
    let body = json!({"error": "invalid_grant", "error_description": echo, "debug": "hidden"});
    world.vendor.script(Scripted::json(400, &body));
    let told = world.verdict(spend("acme", token)).await.provider_message;
    let mask = "********";
    assert_eq!(told, format!("invalid_grant: [0m{mask} {mask} {mask} {mask}"));

    let body = json!({"error": "invalid_grant", "error_description": "y".repeat(100_000)});
    world.vendor.script(Scripted::json(400, &body));
    let told = world.verdict(spend("acme", token)).await.provider_message;
    assert_eq!(told.chars().count(), 300);
}

/// Takes as long as the broker gives a vendor: 20 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_comes_too_late_for_its_caller_is_kept_and_the_token_is_not_sent_again_meanwhile() {
    let world = World::embedded().await;
    let held = world.vendor.hold();
    let request = spend("acme", "token");
    let told = tokio::time::timeout(Duration::from_secs(25), world.verdict(request.clone())).await;
    assert_eq!(told.unwrap().kind(), Unanswered);
    assert_eq!(world.verdict(request.clone()).await.kind(), Unanswered);
    assert_eq!(world.waiting(&request).await, Ok(None));
    drop(held);
    world.wait_until_kept(&request);
    let grant = world.refreshed(request.clone()).await;
    assert_eq!(world.waiting(&request).await, Ok(Some(grant)));
    assert_eq!(world.token_requests(), 1);
}
