//! Requests that no client would send, from those that are nearly right to those that are anything at all.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use crate::world::{ORGANIZATION, USER};

/// Where the contract's paths begin.
pub const API: &str = "/elements/api-v2";

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

fn method() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]).prop_map(str::to_owned),
        1 => "[A-Z]{1,12}".prop_filter("goes to proxies alone", |method| method != "CONNECT"),
    ]
}

fn piece() -> impl Strategy<Value = String> {
    let coded = prop::collection::vec(any::<u8>(), 1..8).prop_map(|bytes| {
        bytes.iter().fold(String::new(), |mut coded, byte| {
            let _ = write!(coded, "%{byte:02X}");
            coded
        })
    });
    prop_oneof![
        6 => select(vec![
            "elements", "instances", "oauth", "url", "keys", "hubs", "configuration", "callback", "done", "intercom",
            "acme", "sandbox", "7549", "1", "-1", "0", "9223372036854775808", "..", ".", "", "%2e%2e", "%00", "%0d%0a",
        ]).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9._~!$&'()*+,;=:@%|{}^-]{0,16}",
        2 => coded,
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = select(vec![
        "/elements",
        "/elements/keys",
        "/elements/X",
        "/elements/X/oauth/url",
        "/elements/X/instances",
        "/elements/X/instances/X",
        "/hubs",
        "/hubs/keys",
        "/instances",
        "/instances/configuration",
        "/instances/configuration/X",
        "/instances/X",
        "/instances/X/configuration",
        "/instances/X/configuration/X",
    ]);
    let known = (known, piece(), piece())
        .prop_map(|(path, one, two)| format!("{API}{}", path.replacen('X', &one, 1).replacen('X', &two, 1)));
    let any = || prop::collection::vec(piece(), 0..6).prop_map(|pieces| format!("/{}", pieces.join("/")));
    prop_oneof![
        6 => known,
        2 => any().prop_map(|path| format!("{API}{path}")),
        1 => any(),
        2 => piece().prop_map(|piece| format!("/oauth/callback/{piece}")),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        5 => select(vec![
            "apiKey", "apiSecret", "callbackUrl", "returnUrl", "state", "scope", "pkce", "pageSize", "page", "nextPage",
            "tags[]", "where", "searchText", "code", "error", "error_description", "iss", "handshake", "hydrate",
        ]).prop_map(str::to_owned),
        1 => piece(),
    ];
    let value = prop_oneof![
        piece(),
        select(vec![
            "https://a.example/b",
            "http://localhost:1/",
            "javascript:x",
            "//x",
            "%F0%9F%A6%80",
            "201",
            "1e9"
        ])
        .prop_map(str::to_owned),
        "[a-z%]{0,200}",
    ];
    let pairs = prop::collection::vec(
        (name, value).prop_map(|(name, value)| format!("{name}={value}")),
        0..5,
    );
    prop_oneof![
        5 => pairs.prop_map(|pairs| pairs.join("&")),
        1 => "[a-z=&%+;\\[\\]?/]{0,40}",
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let authorization = prop_oneof![
        4 => Just(format!("User {USER}, Organization {ORGANIZATION}")),
        1 => Just(format!("organization {ORGANIZATION} ,  USER {USER}")),
        1 => Just(format!("User {USER}, Element {ORGANIZATION}")),
        1 => "(User|Organization|Element|Bearer)? [ -~]{0,60}",
        1 => "\\PC{0,20}",
    ];
    let other = (
        select(vec![
            "Content-Type",
            "Accept",
            "Origin",
            "Idempotency-Key",
            "X-Forwarded-For",
            "traceparent",
            "tracestate",
            "Cookie",
            "Authorization",
            "Elements-Request-Id",
            "Access-Control-Request-Method",
            "X-Odd",
            "Expect",
            "Accept-Encoding",
            "Range",
            "If-None-Match",
        ]),
        prop_oneof!["[ -~]{0,40}", "\\PC{0,20}"],
    );
    let other = other
        .prop_map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .prop_filter("asks the client to wait", |(name, value)| {
            name != "Expect" || value != "100-continue"
        });
    (
        prop::option::weighted(0.8, authorization),
        prop::collection::vec(other, 0..4),
    )
        .prop_map(|(first, mut others)| {
            others.extend(first.map(|value| ("Authorization".to_owned(), value)));
            others
        })
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        ".{0,30}".prop_map(|text| Value::from(text).to_string()),
        Just("\"\\u0000\\ud800\"".to_owned()),
        Just(r#"{"key":"intercom"}"#.to_owned()),
        Just(r#"{"code":"some-code"}"#.to_owned()),
        Just(
            r#"{"oauth.api.key":"k","oauth.api.secret":"s","oauth.callback.url":"https://a.example/b"}"#
                .to_owned()
        ),
    ];
    let name = select(vec![
        "element",
        "providerData",
        "configuration",
        "tags",
        "name",
        "propertyValue",
        "key",
        "id",
        "code",
        "handshake",
        "state",
        "apiKey",
        "callbackUrl",
        "iss",
    ]);
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let object = prop::collection::vec((name.clone(), inner.clone()), 0..6).prop_map(|members| {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("{name:?}:{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        });
        let list = prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![3 => object, 1 => list]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => Just(Vec::new()),
        5 => json().prop_map(String::into_bytes),
        1 => (json(), any::<prop::sample::Index>()).prop_map(|(text, at)| {
            let bytes = text.into_bytes();
            bytes[..at.index(bytes.len() + 1)].to_vec()
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => (1..300_usize).prop_map(|depth| "{\"a\":".repeat(depth).into_bytes()),
    ]
}

/// Any request that is HTTP at all.
pub fn request() -> impl Strategy<Value = Request> {
    (method(), path(), query(), headers(), body()).prop_map(|(method, path, query, headers, body)| Request {
        method,
        target: if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        },
        headers,
        body,
    })
}
