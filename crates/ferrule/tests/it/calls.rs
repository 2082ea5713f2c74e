//! Calls through an instance, as its owner makes them.

use ferrule_testkit::{Behaviour, Browser, Decision, HttpClient, Scripted, TokenEndpoint};
use serde_json::{Value, json};

use crate::bash::{bash, bash_json};
use crate::vendors::{acme_with_api_at, by_code, by_handshake, intercom_at};
use crate::world::{Api, Ferrule, USER, World};

/// Logs in at the sandbox: the token of the new instance.
fn sandbox_instance(ferrule: &Ferrule) -> String {
    let query = [("apiKey", "sandbox-client"), ("apiSecret", "sandbox-secret")];
    let begun = ferrule.api.oauth_url("sandbox", &query);
    let landing = Browser::new().log_in(&begun, Decision::Allow);
    let handshake = landing.parameter("handshake").unwrap();
    let made = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(made.status, 200, "{}", made.text());
    made.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn the_sandbox_is_called_by_the_readmes_line() {
    let ferrule = World::new().start();
    let token = sandbox_instance(&ferrule);
    let base = &ferrule.api.base;
    let credentials = format!("-H 'Authorization: User {USER}, Element {token}'");

    let listed = bash_json(&format!("curl -sS '{base}/hubs/crm/contacts' {credentials}"));
    assert_eq!(listed["total"], 12, "{listed}");
    let json = "-H 'Content-Type: application/json'";
    let added = bash_json(&format!(
        "curl -sS -X POST '{base}/hubs/crm/contacts' {credentials} {json} -d '{}'",
        json!({"name": "Ada Byron", "email": "ada@example.test"})
    ));
    assert_eq!(added["name"], "Ada Byron", "{added}");
    // The path without its hub, where the connector declares it; another hub; a query.
    for path in [
        "/contacts?per_page=20",
        "/hubs/crm/contacts?per_page=20",
        "/hubs/any/contacts?per_page=20",
    ] {
        let listed = bash_json(&format!("curl -sS '{base}{path}' {credentials}"));
        let names: Vec<&Value> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert!(names.contains(&&json!("Ada Byron")), "{path}: {listed}");
    }
    let ping = bash_json(&format!("curl -sS '{base}/ping' {credentials}"));
    assert_eq!(ping["endpoint"], "sandbox");
    assert!(ping["dateTime"].is_string(), "{ping}");
    let head = bash(&format!(
        "curl -sS -o /dev/null -D - '{base}/hubs/crm/me' {credentials}"
    ));
    let head = head.to_lowercase();
    for header in ["elements-element-instance-id:", "elements-request-id:"] {
        assert!(head.contains(header), "{head}");
    }
}

/// An instance at a vendor of the tests: Ferrule, and the API called by the instance's token.
fn connected(vendor: &TokenEndpoint) -> (Ferrule, Api, String) {
    let ferrule = World::new()
        .with_connector("acme", &acme_with_api_at(vendor))
        .start();
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    let path = format!("/instances/{}", made["id"]);
    (ferrule, by_token, path)
}

#[test]
fn the_vendor_sees_the_path_and_its_own_token_and_nothing_of_the_callers_secrets() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let (_ferrule, by_token, _) = connected(&vendor);
    for (path, at_the_vendor) in [
        (
            "/hubs/crm/deals/a%2Fb/?q=1&&r=%20",
            "/api/deals/a%2Fb/?q=1&&r=%20",
        ),
        ("/hubs/crm/people/5?x=y", "/api/contacts/5?x=y"),
        ("/people/5", "/api/contacts/5"),
        ("/hubs/crm/ping", "/api/me"),
    ] {
        let answer = by_token.send("GET", path, &[("Cookie", "ours=1"), ("X-Theirs", "2")], "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let seen = vendor.requests().pop().unwrap();
        assert_eq!(seen.target, at_the_vendor);
        assert!(
            seen.header("authorization")
                .unwrap()
                .starts_with("Bearer access-")
        );
        let theirs = (!path.ends_with("/ping")).then_some("2");
        assert_eq!((seen.header("cookie"), seen.header("x-theirs")), (None, theirs));
        let text = format!("{:?}", seen.headers);
        assert!(!text.contains(USER) && !text.contains("Element"), "{text}");
    }
    let before = vendor.requests().len();
    for (path, status) in [
        ("/deals", 404),
        ("/hubs/crm/../token", 400),
        ("/hubs/crm/%2e%2e/token", 400),
        ("/hubs/crm//evil.example/x", 400),
    ] {
        assert_eq!(by_token.get(path).status, status, "{path}");
    }
    assert_eq!(vendor.requests().len(), before);
}

#[test]
fn a_disabled_instance_is_403_and_a_deleted_one_401_at_once() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let (ferrule, by_token, path) = connected(&vendor);
    let call = || by_token.get("/hubs/crm/me");
    let enabled = format!("{path}/enabled");
    assert_eq!(call().status, 200);
    for _ in 0..2 {
        assert_eq!(ferrule.api.delete(&enabled).status, 200);
        let refused = call();
        assert_eq!(
            (refused.status, &refused.json()["reason"]),
            (403, &json!("INSTANCE_DISABLED"))
        );
        assert_eq!(by_token.get("/ping").status, 403);
        let shown = ferrule.api.get(&path).json();
        assert_eq!(
            (&shown["disabled"], &shown["valid"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(ferrule.api.put(&enabled, &json!({})).status, 200);
        assert_eq!(call().status, 200);
    }
    let before = vendor.requests_to("/api/me").len();
    assert_eq!(ferrule.api.delete(&path).status, 200);
    assert_eq!(call().status, 401);
    for authorization in [
        format!("User {USER}, Element AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        format!("User {USER}"),
    ] {
        assert_eq!(
            ferrule.api.called_by(&authorization).get("/hubs/crm/me").status,
            401
        );
    }
    assert_eq!(vendor.requests_to("/api/me").len(), before);
}

#[test]
fn a_connector_without_an_api_says_so() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .start();
    let made = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    let answer = by_token.get("/hubs/marketing/contacts");
    assert_eq!(answer.status, 404);
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("not currently supported"),
        "{}",
        answer.text()
    );
}

#[test]
fn what_the_vendor_says_comes_back_as_it_is() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let (_ferrule, by_token, _) = connected(&vendor);
    let limited = Scripted::new(429, "text/x-odd", "slow \u{1f40c} down")
        .with_header("Retry-After", "7")
        .with_header("X-RateLimit-Remaining", "0")
        .with_header("Set-Cookie", "a=b");
    vendor.script_at("/api/busy", limited);
    let answer = by_token.get("/hubs/crm/busy");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (429, "slow \u{1f40c} down")
    );
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert_eq!(answer.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(answer.header("content-type"), Some("text/x-odd"));
    assert_eq!(vendor.requests_to("/api/busy").len(), 1);
    let elsewhere = Scripted::new(302, "text/plain", "").with_header("Location", "http://127.0.0.1:9/stolen");
    vendor.script_at("/api/moved", elsewhere);
    let answer = by_token.get("/hubs/crm/moved");
    assert_eq!(
        (answer.status, answer.header("location")),
        (302, Some("http://127.0.0.1:9/stolen"))
    );
    let gone = by_token.get("/hubs/crm/broken");
    assert_eq!(gone.status, 200);
    vendor.script_at("/api/broken", Scripted::cut());
    vendor.script_at("/api/broken", Scripted::cut());
    let broken = by_token.post("/hubs/crm/broken", &json!({}));
    assert_eq!(broken.status, 502, "{}", broken.text());
    // Half an answer never passes for a whole one.
    let large = Scripted::new(200, "text/plain", "x".repeat(1 << 20)).cut_after(9000);
    vendor.script_at("/api/cut", large);
    let cut = by_token.try_send("GET", "/hubs/crm/cut", &[], "");
    assert!(cut.is_err(), "{cut:?}");
    let url = format!("{}/hubs/crm/me", by_token.base);
    assert_eq!(HttpClient::new().get(&url, &[]).status, 401);
}
