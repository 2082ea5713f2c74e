//! One code, one instance: repeats, races, refusals and idempotency keys.

use std::sync::Barrier;
use std::thread;

use ferrule_testkit::{Answer, Behaviour, Scripted, TokenEndpoint};
use serde_json::json;

use crate::vendors::{by_code, intercom_at};
use crate::world::{Api, Ferrule, World};

const AT_ONCE: usize = 64;

fn connected() -> (TokenEndpoint, Ferrule) {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .start();
    (vendor, ferrule)
}

fn keyed(api: &Api, key: &str, body: &serde_json::Value) -> Answer {
    api.send(
        "POST",
        "/instances",
        &[("Idempotency-Key", key)],
        &body.to_string(),
    )
}

#[test]
fn a_repeated_code_gives_the_same_instance() {
    let (vendor, ferrule) = connected();
    let body = by_code("intercom", "one");
    let made = ferrule.api.post("/instances", &body);
    assert_eq!(made.status, 200, "{}", made.text());
    for path in [
        "/instances",
        "/elements/intercom/instances",
        "/elements/7549/instances",
    ] {
        let again = ferrule.api.post(path, &body);
        assert_eq!((again.status, again.json()), (200, made.json()));
    }
    assert_eq!(vendor.token_requests_for("one"), 1);
    assert_eq!(ferrule.api.get("/instances").json().as_array().unwrap().len(), 1);

    let id = format!("/instances/{}", made.json()["id"]);
    assert_eq!(ferrule.api.delete(&id).status, 200);
    let spent = ferrule.api.post("/instances", &body);
    assert_eq!(spent.status, 400, "{}", spent.text());
    assert_eq!(vendor.token_requests_for("one"), 1);
}

#[test]
fn security_02_sixty_four_claims_at_once_make_one_request_and_one_instance() {
    let (vendor, ferrule) = connected();
    let held = vendor.hold();
    let start = Barrier::new(AT_ONCE);
    let answers: Vec<Answer> = thread::scope(|scope| {
        let calls: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    ferrule.api.post("/instances", &by_code("intercom", "one"))
                })
            })
            .collect();
        vendor.wait_for_requests("/token", 1);
        drop(held);
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!((answer.status, answer.json()), (200, answers[0].json()));
    }
    assert_eq!(vendor.token_requests_for("one"), 1);
    assert_eq!(ferrule.api.get("/instances").json().as_array().unwrap().len(), 1);
}

#[test]
fn a_code_that_the_vendor_refuses_leaves_no_instance() {
    let (vendor, ferrule) = connected();
    vendor.script(Scripted::json(
        400,
        &json!({"error": "invalid_grant", "error_description": "The code has expired"}),
    ));
    for _ in 0..2 {
        let refused = ferrule.api.post("/instances", &by_code("intercom", "IAmBad"));
        assert_eq!(refused.status, 400, "{}", refused.text());
        let words = refused.json()["providerMessage"].as_str().unwrap().to_owned();
        assert!(
            words.contains("invalid_grant") && words.contains("The code has expired"),
            "{words}"
        );
    }
    assert_eq!(
        vendor.token_requests_for("IAmBad"),
        1,
        "the refusal is told again"
    );
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));
}

#[test]
fn security_12_an_unclear_answer_is_typed_and_the_code_is_not_sent_again() {
    let (vendor, ferrule) = connected();
    for (code, answer) in [
        ("busy", Scripted::json(503, &json!({}))),
        ("cut", Scripted::cut()),
        (
            "half",
            Scripted::json(200, &json!({"access_token": "a"})).cut_after(90),
        ),
    ] {
        vendor.script(answer);
        for _ in 0..2 {
            let unknown = ferrule.api.post("/instances", &by_code("intercom", code));
            assert_eq!(unknown.status, 502, "{code}: {}", unknown.text());
        }
        assert_eq!(vendor.token_requests_for(code), 1, "{code}");
    }
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));
}

#[test]
fn security_14_every_odd_answer_has_one_documented_outcome() {
    let (vendor, ferrule) = connected();
    let json = |text: &str| Scripted::new(200, "application/json", text);
    let cases = [
        (
            "form",
            Scripted::new(
                200,
                "application/x-www-form-urlencoded",
                "access_token=a&token_type=bearer",
            ),
            200,
        ),
        (
            "text",
            json(r#"{"access_token":"a","token_type":"Bearer","expires_in":"3600"}"#),
            200,
        ),
        (
            "no-expiry",
            json(r#"{"access_token":"a","token_type":"Bearer"}"#),
            200,
        ),
        ("error-200", json(r#"{"error":"bad_verification_code"}"#), 400),
        ("empty-400", Scripted::new(400, "text/plain", ""), 400),
        ("forbidden", Scripted::new(403, "text/plain", "no"), 400),
    ];
    for (code, answer, status) in cases {
        vendor.script(answer);
        let outcome = ferrule.api.post("/instances", &by_code("intercom", code));
        assert_eq!(outcome.status, status, "{code}: {}", outcome.text());
    }
    for (code, answer) in [
        ("html", Scripted::new(200, "text/html", "<h1>Welcome</h1>")),
        (
            "large",
            Scripted::new(200, "application/json", vec![b' '; 20 << 20]),
        ),
        ("twice", json(r#"{"access_token":"a","access_token":"b"}"#)),
        ("nothing", json("")),
    ] {
        vendor.script(answer);
        let outcome = ferrule.api.post("/instances", &by_code("intercom", code));
        assert!(
            matches!(outcome.status, 200 | 400 | 502),
            "{code}: {}",
            outcome.text()
        );
        let again = ferrule.api.post("/instances", &by_code("intercom", code));
        assert_eq!(again.status, outcome.status, "{code}");
        assert_eq!(vendor.token_requests_for(code), 1, "{code}");
    }
}

#[test]
fn a_vendor_that_is_away_leaves_the_code_unspent() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let text = intercom_at(&vendor).replace(&vendor.token_url(), "http://127.0.0.1:9/token");
    let ferrule = World::new().with_connector("intercom", &text).start();
    let away = ferrule.api.post("/instances", &by_code("intercom", "one"));
    assert_eq!(away.status, 502, "{}", away.text());
    assert!(
        away.json()["message"].as_str().unwrap().contains("unspent"),
        "{}",
        away.text()
    );
}

#[test]
fn an_idempotency_key_stands_for_one_body() {
    let (vendor, ferrule) = connected();
    let body = by_code("intercom", "one");
    let made = keyed(&ferrule.api, "key-1", &body);
    assert_eq!(made.status, 200, "{}", made.text());
    let again = keyed(&ferrule.api, "key-1", &body);
    assert_eq!((again.status, again.json()), (200, made.json()));
    let other = keyed(&ferrule.api, "key-1", &by_code("intercom", "two"));
    assert_eq!(other.status, 409, "{}", other.text());
    assert_eq!(vendor.token_requests_for("two"), 0);
    let fresh = keyed(&ferrule.api, "key-2", &by_code("intercom", "two"));
    assert_eq!(fresh.status, 200, "{}", fresh.text());
    assert_ne!(fresh.json()["id"], made.json()["id"]);
    for bad in [String::new(), "k".repeat(300)] {
        assert_eq!(keyed(&ferrule.api, &bad, &body).status, 400);
    }
}
