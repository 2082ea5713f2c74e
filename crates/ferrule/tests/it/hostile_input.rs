//! Thousands of requests that no client would send: refused in the contract's words, never a fault of ours.

use std::time::Duration;

use ferrule_testkit::{Answer, Behaviour, HttpClient, TokenEndpoint};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;

use crate::odd_requests::{API, Request, request};
use crate::vendors::{acme_at, intercom_at};
use crate::world::World;

const CASES: u32 = 3000;

fn check(request: &Request, answer: &Answer) -> Result<(), TestCaseError> {
    let text = answer.text();
    prop_assert!(answer.status < 500, "{} {}", answer.status, text);
    let path = request.target.split('?').next().unwrap_or_default();
    let of_the_api = path
        .strip_prefix(API)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    if !of_the_api || answer.status < 400 || request.method == "HEAD" {
        return Ok(());
    }
    // What is no URL at all is refused before there is anything that could say so in JSON.
    if answer.header("elements-request-id").is_none() {
        prop_assert!(
            answer.status == 400 && text.is_empty(),
            "{} {}",
            answer.status,
            text
        );
        prop_assert!(
            request.target.contains(['|', '{', '}', '^']),
            "{}",
            request.target
        );
        return Ok(());
    }
    let body: Result<Value, _> = serde_json::from_slice(&answer.body);
    let body = body.map_err(|error| TestCaseError::fail(format!("{error}: {} {text}", answer.status)))?;
    let id = body["requestId"].as_str().unwrap_or_default();
    prop_assert!(
        id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{}",
        text
    );
    prop_assert_eq!(answer.header("elements-request-id"), Some(id));
    prop_assert!(
        body["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{}",
        text
    );
    Ok(())
}

#[test]
fn whatever_comes_is_answered_and_never_by_a_fault_of_ours() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new()
        .with("FERRULE_LOG", "debug")
        .with("FERRULE_LOG_FORMAT", "json")
        .with_connector("intercom", &intercom_at(&vendor))
        .with_connector("acme", &acme_at(&vendor));
    let ferrule = world.start();
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let client = HttpClient::with_limit(Duration::from_secs(10));
    let outcome = runner.run(&request(), |request| {
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let url = format!("{}{}", ferrule.url, request.target);
        let answer = client
            .request(&request.method, &url, &headers, &request.body)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        check(&request, &answer)
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}\n{}", ferrule.process.stderr()));
    assert_eq!(ferrule.api.get("/elements/keys").status, 200);

    // Requirement 46 of the security list: each entry of the log stays one line.
    for line in ferrule.process.stderr().lines() {
        let entry: Result<Value, _> = serde_json::from_str(line);
        assert!(entry.is_ok_and(|entry| entry.is_object()), "{line}");
    }
}

#[test]
fn security_46_line_breaks_escapes_and_megabytes_stay_in_one_short_line() {
    let ferrule = World::new()
        .with("FERRULE_LOG", "trace")
        .with("FERRULE_LOG_FORMAT", "json")
        .start();
    let long = "x".repeat(900_000);
    for value in [
        "line\r\n{\"level\":\"ERROR\"}",
        "\u{1b}[31mred\u{1b}[0m",
        "nul\0nul",
        &long,
    ] {
        let body = serde_json::json!({
            "element": {"key": value},
            "name": value,
            "tags": [value],
            "providerData": {"code": value, "state": value},
            "configuration": {"oauth.api.key": value, value: value},
        });
        let answer = ferrule.api.post("/instances", &body);
        assert!((400..500).contains(&answer.status), "{}", answer.text());
        let coded: String =
            url::form_urlencoded::byte_serialize(&value.as_bytes()[..value.len().min(2000)]).collect();
        for path in [
            format!("/elements/{coded}"),
            format!("/elements/intercom/oauth/url?apiKey=k&callbackUrl={coded}&state={coded}"),
            format!("/instances?nextPage={coded}"),
        ] {
            let answer = ferrule.api.get(&path);
            assert!(answer.status < 500, "{}", answer.text());
        }
        let page = format!(
            "{}/oauth/callback/sandbox?error={coded}&state={coded}&error_description={coded}",
            ferrule.url
        );
        assert!(HttpClient::new().get(&page, &[]).status < 500);
    }
    for line in ferrule.process.stderr().lines() {
        assert!(line.len() < 64 * 1024, "{}", line.len());
        assert!(
            serde_json::from_str::<Value>(line).is_ok_and(|entry| entry.is_object()),
            "{line}"
        );
        assert!(!line.contains('\u{1b}') && !line.contains('\0'), "{line}");
    }
}
