//! A vendor that no longer honours a token, or an app: calls say what to do, and doing it helps.

use ferrule_testkit::{Scripted, wait_until};
use serde_json::{Value, json};

use crate::connected::{LIMIT, SHORT_LIFE, connected, living};

#[test]
fn a_refusal_is_final_until_the_user_logs_in_again() {
    let connected = connected(living(SHORT_LIFE));
    connected.vendor.revoke("one");
    wait_until("the instance is not valid", LIMIT, || {
        connected.ferrule.api.get(&connected.path()).json()["valid"] == false
    });
    let shown = connected.ferrule.api.get(&connected.path()).json();
    assert_eq!(shown["reason"], "REAUTHORIZATION_REQUIRED");
    let mut refused = None;
    wait_until("calls are refused", LIMIT, || {
        let answer = connected.call();
        // A token with life left is served, and the vendor's own answer is a 401 too.
        let reason = answer.json()["reason"] == "REAUTHORIZATION_REQUIRED";
        assert_eq!(answer.status, 401, "{}", answer.text());
        refused = reason.then(|| answer.json());
        reason
    });
    let refused = refused.unwrap();
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains(&format!("PATCH {}", connected.path())), "{words}");
    assert!(
        refused["providerMessage"]
            .as_str()
            .unwrap()
            .starts_with("invalid_grant"),
        "{refused}"
    );
    for _ in 0..5 {
        assert_eq!(connected.call().status, 401);
        assert_eq!(connected.by_token().get("/ping").status, 401);
    }
    assert_eq!(
        connected.refreshes().len(),
        2,
        "it stays by its word, and nobody asks again"
    );

    let code = json!({"providerData": {"code": "two"}});
    let again = connected.ferrule.api.patch(&connected.path(), &code);
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(
        (&again.json()["valid"], again.json().get("reason")),
        (&json!(true), None)
    );
    let answer = connected.call();
    assert_eq!((answer.status, answer.json()), (200, json!({"code": "two"})));
    wait_until("the new tokens are refreshed", LIMIT, || {
        !connected.vendor.refreshes_of("two").is_empty()
    });
    assert_eq!(connected.call().status, 200);
}

#[test]
fn a_vendor_app_that_is_refused_pauses_its_instances_and_a_corrected_secret_revives_them() {
    let connected = connected(living(SHORT_LIFE));
    connected
        .vendor
        .script_refresh(Scripted::json(401, &json!({"error": "invalid_client"})));
    let reason = || connected.ferrule.api.get(&connected.path()).json()["reason"].clone();
    wait_until("the app is refused", LIMIT, || reason() == "APP_MISCONFIGURED");
    connected.wait_until_old(SHORT_LIFE);
    let refused = connected.call();
    assert_eq!(
        (refused.status, &refused.json()["reason"]),
        (502, &json!("APP_MISCONFIGURED"))
    );
    let corrected = json!({"configuration": {"oauth.api.secret": "another-secret"}});
    let patched = connected.ferrule.api.patch(&connected.path(), &corrected);
    assert_eq!(patched.status, 200, "{}", patched.text());
    wait_until("it works again", LIMIT, || connected.call().status == 200);
    assert_eq!(reason(), Value::Null);
    let secrets: Vec<_> = connected.vendor.requests_to("/token");
    let last = secrets.last().unwrap();
    assert_eq!(last.parameter("client_secret").as_deref(), Some("another-secret"));
    connected.assert_alive();
}
