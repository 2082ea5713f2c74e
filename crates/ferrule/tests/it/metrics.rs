//! What `/metrics` tells: nothing that callers can make grow, and everything that dashboards and rules ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ferrule_testkit::{Behaviour, Browser, HttpClient, TokenEndpoint, wait_until};
use serde_json::{Value, json};

use crate::logins::ACME;
use crate::vendors::{acme_with_api_at, by_code, by_handshake};
use crate::world::{Ferrule, World};

const LIMIT: Duration = Duration::from_secs(30);

/// What Prometheus adds to what it scrapes, or has by itself.
const PROMETHEUS_OWN: [&str; 4] = ["service", "job", "instance", "le"];

fn metrics(ferrule: &Ferrule) -> String {
    HttpClient::new()
        .get(&format!("{}/metrics", ferrule.admin), &[])
        .text()
}

/// The series, without their values.
fn series(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
        .collect()
}

/// A vendor whose host has a part that users type. No such host exists.
fn typed_at(vendor: &TokenEndpoint) -> String {
    format!(
        r#"key = "typed"
name = "Typed"
hub = "crm"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{}"
pkce = "off"

[api]
base_url = "https://{{place}}.vendor.invalid:8443/v1"
authorization = "Bearer {{access_token}}"

[[parameters]]
name = "place"
pattern = "[a-z0-9-]+"
"#,
        vendor.authorization_url(),
        vendor.token_url()
    )
}

/// Whatever a stranger, a caller and a user may choose.
fn hostile_calls(ferrule: &Ferrule, word: &str) {
    let client = HttpClient::new();
    for path in [
        format!("/{word}"),
        format!("/{word}/{word}?{word}={word}"),
        format!("/oauth/callback/{word}"),
        format!("/oauth/callback/{word}?state={word}&code={word}"),
        format!("/elements/api-v2/{word}"),
        format!("/elements/api-v2/elements/{word}"),
        format!("/elements/api-v2/elements/{word}/oauth/url?apiKey={word}"),
        format!("/elements/api-v2/hubs/{word}"),
        format!("/elements/api-v2/hubs/{word}/{word}"),
        format!("/elements/api-v2/instances/{word}"),
    ] {
        for method in ["GET", "POST", &word.to_uppercase().replace('-', "")] {
            let headers = [
                ("Authorization", format!("User {word}, Organization {word}")),
                ("X-Forwarded-For", word.to_owned()),
                ("Host", word.to_owned()),
            ];
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let answer = client.request(method, &format!("{}{path}", ferrule.url), &headers, b"");
            assert!(answer.unwrap().status < 500, "{method} {path}");
        }
    }
    let mut body = by_code("typed", &format!("code-of-{word}"));
    body["configuration"]["place"] = word.into();
    let made = ferrule.api.post("/instances", &body);
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    assert_eq!(by_token.get(&format!("/hubs/{word}/{word}")).status, 502);
}

#[test]
fn no_series_comes_of_what_callers_and_users_choose() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new().with_connector("typed", &typed_at(&vendor)).start();
    hostile_calls(&ferrule, "canary-one");
    let text = metrics(&ferrule);
    assert!(
        text.contains(
            r#"ferrule_vendor_call_seconds_count{connector="typed",host="{place}.vendor.invalid",outcome="not_sent"} 1"#
        ),
        "{text}"
    );
    let known = series(&text);
    for word in ["canary-two", "canary-three"] {
        hostile_calls(&ferrule, word);
    }
    let text = metrics(&ferrule);
    let new: Vec<_> = series(&text).difference(&known).cloned().collect();
    assert_eq!(new, Vec::<String>::new());
    assert!(!text.to_lowercase().contains("canary"), "{text}");
}

/// A flow in which everything happens that is counted, a limit and a refusal too.
fn eventful() -> (TokenEndpoint, Ferrule) {
    let vendor = TokenEndpoint::start(Behaviour::default());
    vendor.behave(|behaviour| behaviour.access_ttl = 2);
    let ferrule = World::new()
        .with_connector("acme", &acme_with_api_at(&vendor))
        .start();
    let begun = ferrule.api.oauth_url("acme", &ACME);
    let handshake = Browser::new().open(&begun).parameter("handshake").unwrap();
    let made = ferrule
        .api
        .post("/instances", &by_handshake("acme", &handshake))
        .json();
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    for _ in 0..2 {
        let call = by_token.post("/hubs/crm/deals", &json!({"name": "one"}));
        assert_eq!(call.status, 200, "{}", call.text());
    }
    wait_until("the tokens were refreshed", LIMIT, || {
        metrics(&ferrule).contains(r#"ferrule_refreshes_total{connector="acme",outcome="refreshed"}"#)
    });
    wait_until("a stranger calls too often", LIMIT, || {
        let elements = format!("{}/elements/api-v2/elements/keys", ferrule.url);
        HttpClient::new().get(&elements, &[]).status == 429
    });
    (vendor, ferrule)
}

/// The labels of each metric, a histogram by its own name.
fn labels(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for series in series(text) {
        let (name, pairs) = series.split_once('{').unwrap_or((&series, ""));
        let labels = known.entry(plain(name)).or_default();
        // A value may hold what looks like a label's name; none of ours holds `="`.
        labels.extend(pairs.split("=\"").filter_map(|before| {
            let name = before.rsplit([',', '"']).next()?;
            (!name.is_empty() && !name.contains('}')).then(|| name.to_owned())
        }));
    }
    known
}

fn plain(name: &str) -> String {
    let suffixes = ["_bucket", "_sum", "_count"];
    let stem = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix));
    stem.unwrap_or(name).to_owned()
}

fn observability(path: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability");
    fs::read_to_string(folder.join(path)).expect("a file of deploy/observability")
}

/// The queries of every panel and of every rule.
fn queries() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&observability("dashboards/ferrule.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .filter_map(|panel| panel["targets"].as_array())
        .flatten();
    let mut queries: Vec<String> = targets
        .map(|target| target["expr"].as_str().unwrap().to_owned())
        .collect();
    let rules = observability("rules/ferrule.yaml");
    let rules = rules.split("expr:").skip(1);
    queries.extend(rules.map(|rule| rule.split("labels:").next().unwrap_or_default().to_owned()));
    queries
}

/// The metrics of Ferrule's that a query asks for, each with the labels that it chooses by.
fn asked(query: &str) -> Vec<(String, Vec<String>)> {
    let places = query.match_indices("ferrule_").map(|(at, _)| &query[at..]);
    places
        .map(|rest| {
            let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
            let chosen = after
                .strip_prefix('{')
                .map_or("", |chosen| chosen.split('}').next().unwrap_or(""));
            let chosen = chosen
                .split(',')
                .filter(|matcher| !matcher.is_empty())
                .map(|matcher| {
                    let name = matcher.trim().split(['=', '!']).next();
                    name.unwrap_or_default().to_owned()
                });
            (plain(name), chosen.collect())
        })
        .collect()
}

/// The labels that a query groups by.
fn grouped(query: &str) -> Vec<String> {
    let groups = query
        .split("by (")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    groups
        .flat_map(|group| group.split(','))
        .map(|label| label.trim().to_owned())
        .collect()
}

#[test]
fn every_panel_and_every_rule_asks_for_what_there_is() {
    let (_vendor, ferrule) = eventful();
    let text = metrics(&ferrule);
    let known = labels(&text);
    let queries = queries();
    assert!(queries.len() > 35, "{queries:#?}");
    for query in queries {
        let asked = asked(&query);
        let is_own = query.contains("up{job=\"ferrule\"}");
        assert!(is_own || !asked.is_empty(), "{query}");
        let of_query: BTreeSet<&str> = asked
            .iter()
            .filter_map(|(name, _)| known.get(name))
            .flatten()
            .map(String::as_str)
            .collect();
        for (name, chosen) in &asked {
            let has = known
                .get(name)
                .unwrap_or_else(|| panic!("{name} of {query} is not in\n{text}"));
            for label in chosen {
                assert!(has.contains(label), "{label} of {name} in {query}: {has:?}");
            }
        }
        for label in grouped(&query) {
            let known = of_query.contains(label.as_str()) || PROMETHEUS_OWN.contains(&label.as_str());
            assert!(known, "{label} in {query}: {of_query:?}");
        }
    }
    // And everything that is told has a word of explanation, and a name of the house.
    for name in known
        .keys()
        .filter(|name| name.as_str() != "process_start_time_seconds")
    {
        assert!(
            name.starts_with("ferrule_") && text.contains(&format!("# HELP {name} ")),
            "{name}"
        );
    }
}

#[test]
fn every_alert_is_explained() {
    let rules = observability("rules/ferrule.yaml");
    let operations = observability("../../docs/operations.md");
    let alerts: Vec<_> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(!alerts.is_empty());
    let explained = |alert: &str| {
        let name = format!("`{alert}`");
        operations.lines().any(|line| {
            line.starts_with('|') && line.split('|').nth(1).is_some_and(|cell| cell.contains(&name))
        })
    };
    let unexplained: Vec<_> = alerts.into_iter().filter(|alert| !explained(alert)).collect();
    assert_eq!(unexplained, Vec::<&str>::new());
}
