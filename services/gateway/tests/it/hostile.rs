//! Whatever anybody sends is answered, soon, and never with a fault of ours.

use std::time::Duration;

use ferrule_testkit::HttpClient;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::world::{World, by_token, platform, request_id};

const ROUTES: &[&str] = &[
    "/elements/api-v2/elements",
    "/elements/api-v2/elements/keys",
    "/elements/api-v2/elements/intercom",
    "/elements/api-v2/elements/intercom/oauth/url",
    "/elements/api-v2/elements/intercom/instances",
    "/elements/api-v2/elements/intercom/instances/594927",
    "/elements/api-v2/hubs",
    "/elements/api-v2/hubs/keys",
    "/elements/api-v2/instances",
    "/elements/api-v2/instances/594927",
    "/elements/api-v2/instances/configuration",
    "/elements/api-v2/instances/594927/configuration",
    "/elements/api-v2/instances/594927/configuration/1",
    "/oauth/callback/intercom",
    "/oauth/callback/intercom/done",
    "/",
];

#[derive(Clone, Debug)]
struct Sent {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Bytes as a URL may hold them, the percent sign and its junk included.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9%._~!$'()*+,;:@-]{0,12}",
        "(%[0-9a-fA-F]{2}){0,6}",
        Just("%00".to_owned()),
        Just("%ff%fe".to_owned()),
        Just("..".to_owned()),
        Just("%2e%2e%2f".to_owned()),
    ]
}

fn target() -> impl Strategy<Value = String> {
    let names = "pageSize|page|nextPage|tags%5B%5D|searchText|apiKey|state|code|error|handshake|iss|[a-z%\\[\\]]{0,6}";
    let query = prop::collection::vec((names, piece()), 0..5).prop_map(|pairs| {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    });
    let below = prop::option::weighted(0.3, piece());
    (prop::sample::select(ROUTES), below, prop::option::of(query)).prop_map(|(route, below, query)| {
        let below = below.map(|piece| format!("/{piece}")).unwrap_or_default();
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        format!("{route}{below}{query}")
    })
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| serde_json::json!(number).to_string()),
        any::<String>().prop_map(|text| serde_json::json!(text).to_string()),
    ];
    let names = "element|key|id|name|tags|configuration|providerData|code|state|propertyValue|[a-z.]{0,4}";
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((names, inner), 0..6).prop_map(|pairs| {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{value}"))
                    .collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => json().prop_map(String::into_bytes),
        1 => (json(), any::<prop::sample::Index>()).prop_map(|(text, at)| {
            let at = at.index(text.len() + 1);
            text.into_bytes()[..at].to_vec()
        }),
        1 => prop::collection::vec(any::<u8>(), 0..64),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let value = || prop::collection::vec(prop_oneof![Just(b'\t'), 0x20_u8..0x7f, 0x80_u8..=0xff], 0..24);
    let authorization = prop_oneof![
        4 => Just(Some(platform().into_bytes())),
        2 => Just(Some(by_token().into_bytes())),
        1 => Just(None),
        1 => value().prop_map(Some),
    ];
    let names = "Origin|Cookie|X-Forwarded-For|Idempotency-Key|Accept|Content-Type|Traceparent|Tracestate|X-[a-z]{1,8}";
    (authorization, prop::collection::vec((names, value()), 0..4)).prop_map(|(authorization, mut headers)| {
        headers.extend(authorization.map(|value| ("Authorization".to_owned(), value)));
        headers
    })
}

fn sent() -> impl Strategy<Value = Sent> {
    let methods = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|[A-Z]{1,8}";
    (methods, target(), headers(), body()).prop_map(|(method, target, headers, body)| Sent {
        method,
        target,
        headers,
        body,
    })
}

fn bytes(sent: &Sent) -> Vec<u8> {
    let mut bytes = format!(
        "{} {} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: {}\r\n",
        sent.method,
        sent.target,
        sent.body.len()
    )
    .into_bytes();
    for (name, value) in &sent.headers {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&sent.body);
    bytes
}

fn runner(cases: u32, seed: u8) -> TestRunner {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

#[test]
fn no_request_gets_a_5xx_or_no_answer() {
    let world = World::start();
    let client = HttpClient::with_limit(Duration::from_secs(20));
    let authority = world.address.to_string();
    let outcome = runner(2500, 7).run(&sent(), |sent| {
        let answer = client.raw(&authority, &bytes(&sent), sent.method == "HEAD");
        let answer = answer.map_err(|error| TestCaseError::fail(format!("no answer: {error}")))?;
        prop_assert!(answer.status < 500, "{}: {}", answer.status, answer.text());
        request_id(&answer);
        if answer.status >= 400
            && answer.header("content-type") == Some("application/json")
            && sent.method != "HEAD"
        {
            prop_assert!(answer.json()["message"].is_string());
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn bytes_that_are_no_http_end_without_a_5xx_and_without_a_hang() {
    let world = World::start();
    let client = HttpClient::with_limit(Duration::from_secs(20));
    let authority = world.address.to_string();
    let line = "[ -~]{1,40}";
    let broken = (line, prop::collection::vec(line, 0..4))
        .prop_map(|(first, lines)| format!("{first}\r\n{}\r\n\r\n", lines.join("\r\n")));
    let outcome = runner(500, 9).run(&broken, |text| {
        if let Ok(answer) = client.raw(&authority, text.as_bytes(), false) {
            prop_assert!(answer.status < 500, "{}", answer.status);
        }
        Ok(())
    });
    outcome.unwrap();
    assert_eq!(world.get("/elements/keys").status, 200);
}
