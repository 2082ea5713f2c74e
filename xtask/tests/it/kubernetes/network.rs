//! Who may talk to whom: exactly the table of docs/operations.md.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::rendered::{Rendered, list_of, text};
use super::{OVERLAYS, on_each_overlay};

const GATEWAY: &str = "gateway";
const BROKER: &str = "oauth-broker";
const REGISTRY: &str = "instance-registry";
/// The registry's migration Job, which is the registry as far as the database is concerned.
const MIGRATION: &str = "instance-registry-migrate";

/// From, to, port.
type Edge = (String, String, String);

fn edges<const N: usize>(edges: [(&str, &str, &str); N]) -> BTreeSet<Edge> {
    edges
        .map(|(from, to, port)| (from.to_owned(), to.to_owned(), port.to_owned()))
        .into()
}

/// The pods of ours that a selector picks; `all` when it picks every one.
fn pods(selector: &Value) -> Vec<String> {
    if selector == &json!({}) {
        return vec!["all".to_owned()];
    }
    let label = &selector["matchLabels"]["app.kubernetes.io/name"];
    if label.is_string() {
        assert_eq!(
            selector,
            &json!({ "matchLabels": { "app.kubernetes.io/name": label } })
        );
        return vec![text(label).to_owned()];
    }
    let expression = &selector["matchExpressions"][0];
    let values = &expression["values"];
    let known = json!({ "key": "app.kubernetes.io/name", "operator": "In", "values": values });
    assert_eq!(selector, &json!({ "matchExpressions": [known] }));
    list_of(values).map(|name| text(name).to_owned()).collect()
}

/// Who is at the other end of a rule.
fn peers(peer: &Value, ports: &[String]) -> Vec<String> {
    if peer["ipBlock"].is_object() {
        return vec![network(&peer["ipBlock"], ports).to_owned()];
    }
    if peer["namespaceSelector"].is_null() {
        return pods(&peer["podSelector"]);
    }
    let elsewhere = [
        (
            "kubernetes.io/metadata.name",
            "kube-system",
            "k8s-app",
            "kube-dns",
            "dns",
        ),
        (
            "kubernetes.io/metadata.name",
            "observability",
            "app.kubernetes.io/name",
            "opentelemetry-collector",
            "collector",
        ),
        (
            "kubernetes.io/metadata.name",
            "ingress-nginx",
            "app.kubernetes.io/component",
            "controller",
            "ingress",
        ),
        (
            "ferrule/registry-client",
            "true",
            "ferrule/registry-client",
            "true",
            "internal clients",
        ),
    ];
    let name = elsewhere
        .into_iter()
        .find(|(key, namespace, label, value, _)| {
            let known = json!({
                "namespaceSelector": { "matchLabels": { *key: namespace } },
                "podSelector": { "matchLabels": { *label: value } },
            });
            peer == &known
        })
        .map(|(.., name)| name);
    vec![
        name.unwrap_or_else(|| panic!("nobody we know: {peer}"))
            .to_owned(),
    ]
}

/// What stands outside the cluster.
fn network(block: &Value, ports: &[String]) -> &'static str {
    let except: Vec<_> = list_of(&block["except"]).map(text).collect();
    match text(&block["cidr"]) {
        "0.0.0.0/0" => {
            for private in [
                "10.0.0.0/8",
                "127.0.0.0/8",
                "169.254.0.0/16",
                "172.16.0.0/12",
                "192.168.0.0/16",
            ] {
                assert!(except.contains(&private), "vendors are no part of {private}");
            }
            "vendors"
        }
        "::/0" => {
            for private in ["fc00::/7", "fe80::/10"] {
                assert!(except.contains(&private), "vendors are no part of {private}");
            }
            "vendors"
        }
        _ if ports == ["5432"] => "postgres",
        _ if ports == ["6379", "26379"] => "redis",
        cidr => panic!("nobody we know at {cidr}"),
    }
}

fn ports(rule: &Value) -> Vec<String> {
    let ports: Vec<_> = list_of(&rule["ports"])
        .map(|port| {
            port["port"]
                .as_str()
                .map_or_else(|| port["port"].to_string(), ToOwned::to_owned)
        })
        .collect();
    assert!(!ports.is_empty(), "a rule without ports lets everything through");
    ports
}

/// Every edge that the rules of one direction allow.
fn allowed(rendered: &Rendered, direction: &str) -> BTreeSet<Edge> {
    let (rules, side, type_) = match direction {
        "in" => ("/spec/ingress", "from", "Ingress"),
        _ => ("/spec/egress", "to", "Egress"),
    };
    let mut edges = BTreeSet::new();
    for policy in rendered.of_kind("NetworkPolicy") {
        let ours = pods(policy.at("/spec/podSelector"));
        for rule in list_of(policy.at(rules)) {
            assert!(
                list_of(policy.at("/spec/policyTypes")).any(|known| known == type_),
                "{}",
                policy.name()
            );
            assert!(rule[side].is_array(), "{} names nobody", policy.name());
            let ports = ports(rule);
            for peer in list_of(&rule[side]).flat_map(|peer| peers(peer, &ports)) {
                for (ours, port) in ours
                    .iter()
                    .flat_map(|ours| ports.iter().map(move |port| (ours, port)))
                {
                    let (from, to) = if direction == "in" {
                        (&peer, ours)
                    } else {
                        (ours, &peer)
                    };
                    edges.insert((from.clone(), to.clone(), port.clone()));
                }
            }
        }
    }
    edges
}

#[test]
fn pods_may_call_only_whom_the_table_names() {
    for overlay in OVERLAYS {
        let mut expected = edges([
            (GATEWAY, REGISTRY, "grpc"),
            (GATEWAY, BROKER, "grpc"),
            (GATEWAY, "vendors", "443"),
            (REGISTRY, BROKER, "grpc"),
            (REGISTRY, "postgres", "5432"),
            (MIGRATION, "postgres", "5432"),
            (BROKER, "redis", "6379"),
            (BROKER, "vendors", "443"),
            ("all", "dns", "53"),
            ("all", "collector", "4317"),
        ]);
        if overlay == "production" {
            expected.extend(edges([(BROKER, "redis", "26379")]));
        }
        assert_eq!(allowed(&Rendered::overlay(overlay), "out"), expected, "{overlay}");
    }
}

#[test]
fn pods_may_be_called_only_by_whom_the_table_names() {
    for overlay in OVERLAYS {
        let mut expected = edges([
            ("ingress", GATEWAY, "http"),
            (GATEWAY, REGISTRY, "grpc"),
            ("internal clients", REGISTRY, "grpc"),
            (GATEWAY, BROKER, "grpc"),
            (REGISTRY, BROKER, "grpc"),
        ]);
        if overlay == "local" {
            expected.extend(edges([
                (REGISTRY, "postgres", "5432"),
                (MIGRATION, "postgres", "5432"),
                (BROKER, "redis", "6379"),
            ]));
        }
        assert_eq!(allowed(&Rendered::overlay(overlay), "in"), expected, "{overlay}");
    }
}

#[test]
fn what_no_policy_allows_is_refused() {
    on_each_overlay(|rendered| {
        let policy = rendered.get("NetworkPolicy", "nothing-else").expect("a policy");
        let expected = json!({ "podSelector": {}, "policyTypes": ["Ingress", "Egress"] });
        assert_eq!(policy.at("/spec"), &expected);
    });
}

#[test]
fn a_selector_picks_pods_that_exist() {
    on_each_overlay(|rendered| {
        let names: Vec<_> = rendered
            .workloads()
            .into_iter()
            .map(|workload| text(&workload.labels["app.kubernetes.io/name"]).to_owned())
            .collect();
        for document in rendered.of_kind("NetworkPolicy") {
            for name in pods(document.at("/spec/podSelector")) {
                assert!(name == "all" || names.contains(&name), "{name}");
            }
        }
    });
}
