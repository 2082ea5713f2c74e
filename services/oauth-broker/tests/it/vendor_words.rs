//! How much of a vendor's refusal a caller reads.

use ferrule_testkit::Scripted;
use ferrule_wire::{Reason, Refusal};
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use crate::requests::{API_SECRET, bring, claim};
use crate::world::{World, blocking, exchange};

async fn refusal(world: &World, answer: Scripted, code: &str) -> Refusal {
    world.vendor.script(answer);
    let refusal = world.exchange(bring("acme", code, "")).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::VendorRejected, "{refusal}");
    refusal
}

#[tokio::test(flavor = "multi_thread")]
async fn error_and_description_alone() {
    let world = World::embedded().await;
    let form = "application/x-www-form-urlencoded";
    let described = json!({"error": "invalid_grant", "error_description": "too old", "debug": "hidden"});
    let nested = json!({"error": {"type": "OAuthException", "message": "Bad code", "fbtrace_id": "hidden"}});
    for (code, answer, words) in [
        (
            "described",
            Scripted::json(400, &described),
            Some("invalid_grant: too old"),
        ),
        (
            "with 200",
            Scripted::json(200, &described),
            Some("invalid_grant: too old"),
        ),
        (
            "nested",
            Scripted::json(400, &nested),
            Some("OAuthException: Bad code"),
        ),
        (
            "form",
            Scripted::new(400, form, "error=bad_verification_code"),
            Some("bad_verification_code"),
        ),
        (
            "unknown app",
            Scripted::json(401, &json!({"error": "invalid_client"})),
            Some("invalid_client"),
        ),
        ("empty", Scripted::new(400, "application/json", ""), None),
        (
            "page",
            Scripted::new(403, "text/html", "<html>hidden</html>"),
            None,
        ),
    ] {
        let refusal = refusal(&world, answer, code).await;
        assert_eq!(refusal.provider_message.as_deref(), words, "{code}");
        assert!(!refusal.message.contains("hidden"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_echoes_code_secret_or_verifier_is_masked() {
    let world = World::embedded().await;
    let coded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let code = "echoed+code/1";
    let echo = format!("{code} {} {API_SECRET} {}", coded(code), coded(API_SECRET));
    let body = json!({"error": code, "error_description": echo});
    let told = refusal(&world, Scripted::json(400, &body), code).await;
    let mask = "********";
    let want = format!("{mask}: {mask} {mask} {mask} {mask}");
    assert_eq!(told.provider_message.unwrap(), want);

    // The vendor sees the verifier only with the request that it answers.
    let state = world.attached("acme", "hosted").await;
    let held = world.vendor.hold();
    let call = tokio::spawn(exchange(world.client(), claim("acme", &state)));
    blocking(|| world.vendor.wait_for_requests("/token", 2));
    let verifier = world
        .vendor
        .requests()
        .pop()
        .unwrap()
        .parameter("code_verifier")
        .unwrap();
    let body = json!({"error": "invalid_grant", "error_description": format!("for {verifier}.")});
    world.vendor.script(Scripted::json(400, &body));
    drop(held);
    let refusal = call.await.unwrap().unwrap_err();
    assert_eq!(refusal.provider_message.unwrap(), "invalid_grant: for ********.");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_words_are_cut_and_controls_are_stripped() {
    let world = World::embedded().await;
    let body = json!({"error": "x", "error_description": format!("a\r\n\u{1b}[0m\0{}", "y".repeat(100_000))});
    let words = refusal(&world, Scripted::json(400, &body), "c")
        .await
        .provider_message
        .unwrap();
    assert!(words.starts_with("x: a[0myyy"), "{words}");
    assert_eq!(words.chars().count(), 300);
}
