//! The vendor whose every answer the test decides.

use std::thread;

use ferrule_testkit::{Behaviour, HttpClient, Outcome, Scripted, TokenEndpoint};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn exchange(vendor: &TokenEndpoint, body: &str) -> (u16, Value) {
    let answer = HttpClient::new().post(&vendor.token_url(), &[FORM], body);
    (answer.status, answer.json())
}

#[test]
fn a_code_is_spent_once_and_each_exchange_is_counted() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let (status, tokens) = exchange(&vendor, "grant_type=authorization_code&code=c1");
    assert_eq!((status, tokens["expires_in"].as_u64()), (200, Some(3600)));
    let (status, refused) = exchange(&vendor, r#"{"grant_type":"authorization_code","code":"c1"}"#);
    assert_eq!((status, refused["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(
        (vendor.token_requests_for("c1"), vendor.token_requests_for("c2")),
        (2, 0)
    );
    assert!(
        vendor
            .secrets()
            .iter()
            .any(|secret| tokens["access_token"] == secret.as_str())
    );
}

#[test]
fn a_refresh_token_is_spent_only_where_the_vendor_rotates() {
    for (rotate, again) in [(true, 400), (false, 200)] {
        let vendor = TokenEndpoint::start(Behaviour {
            rotate,
            ..Behaviour::default()
        });
        let refresh = "grant_type=refresh_token&refresh_token=r1";
        assert_eq!(
            exchange(&vendor, refresh).1.get("refresh_token").is_some(),
            rotate
        );
        assert_eq!(exchange(&vendor, refresh).0, again);
    }
}

#[test]
fn scripted_answers_come_first_and_in_order() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    vendor.script(Scripted::json(503, &json!({"busy": true})));
    vendor.script(Scripted::cut());
    vendor.script(Scripted::json(200, &json!({"access_token": "a"})).cut_after(60));
    assert_eq!(exchange(&vendor, "code=c").0, 503);
    for _ in 0..2 {
        assert!(
            HttpClient::new()
                .request("POST", &vendor.token_url(), &[FORM], b"code=c")
                .is_err()
        );
    }
    assert_eq!(exchange(&vendor, "code=c").0, 200);
}

#[test]
fn held_requests_are_answered_on_release() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let held = vendor.hold();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| exchange(&vendor, "code=c").0);
        vendor.wait_for_requests("/token", 1);
        assert!(!waiting.is_finished());
        drop(held);
        assert_eq!(waiting.join().unwrap(), 200);
    });
}

#[test]
fn the_authorization_endpoint_sends_straight_back() {
    let vendor = TokenEndpoint::start(Behaviour {
        issuer: Some("http://me".into()),
        ..Behaviour::default()
    });
    let url = format!(
        "{}?redirect_uri=http%3A%2F%2Flocalhost%2Fcb%3Fa%3D1&state=s",
        vendor.authorization_url()
    );
    let answer = HttpClient::new().get(&url, &[]);
    let code = vendor.secrets().pop().unwrap();
    let expected = format!("http://localhost/cb?a=1&code={code}&state=s&iss=http%3A%2F%2Fme");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some(expected.as_str()))
    );
}

#[test]
fn a_refresh_token_that_comes_again_ends_its_family_where_reuse_kills() {
    let vendor = TokenEndpoint::start(Behaviour {
        reuse_kills: true,
        ..Behaviour::default()
    });
    let opened = |tokens: &Value| {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        HttpClient::new()
            .get(&vendor.url("/api/me"), &[("Authorization", &bearer)])
            .status
    };
    let refresh = |tokens: &Value| {
        let token = tokens["refresh_token"].as_str().unwrap();
        exchange(
            &vendor,
            &format!("grant_type=refresh_token&refresh_token={token}"),
        )
    };
    let (_, first) = exchange(&vendor, "code=c");
    let (_, other) = exchange(&vendor, "code=d");
    vendor.change_refresh(|answer| answer.with_members(&json!({"expires_in": "4", "token_type": null})));
    let (_, second) = refresh(&first);
    assert_eq!(
        (&second["expires_in"], second.get("token_type")),
        (&json!("4"), None)
    );
    assert_eq!((opened(&first), opened(&second)), (200, 200));
    assert_eq!(refresh(&first).0, 400);
    assert!(vendor.is_dead("c") && !vendor.is_dead("d"));
    assert_eq!((opened(&second), opened(&other)), (401, 200));
    assert_eq!(refresh(&second).0, 400);
    let outcomes: Vec<_> = vendor
        .refreshes_of("c")
        .iter()
        .map(|refresh| refresh.outcome)
        .collect();
    assert_eq!(outcomes, [Outcome::Granted, Outcome::Reused, Outcome::Refused]);

    vendor.script_refresh(Scripted::json(500, &json!({})));
    assert_eq!(refresh(&other).0, 500);
    vendor.end_access();
    assert_eq!(opened(&other), 401);
    let (_, fresh) = refresh(&other);
    assert_eq!(opened(&fresh), 200, "what was scripted spent nothing");
}
