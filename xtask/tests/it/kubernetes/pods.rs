//! What every pod keeps to: the restricted profile, limits, probes, and time enough to drain.

use ferrule_service::settings::Variable;
use serde_json::{Value, json};

use super::on_each_overlay;
use super::rendered::{Workload, list_of, text};

/// What a process may take beyond its drain time: closing its stores, then the last spans and threads.
const AFTER_DRAINING: u64 = 5 + 5 + 1;

fn on_each_pod(rule: impl Fn(&Workload)) {
    on_each_overlay(|rendered| {
        let workloads = rendered.workloads();
        assert!(workloads.len() >= 4, "three services and the migration");
        workloads.iter().for_each(&rule);
    });
}

#[test]
fn the_namespace_takes_restricted_pods_only() {
    on_each_overlay(|rendered| {
        let namespace = rendered.get("Namespace", "ferrule").expect("a namespace");
        let level = &namespace.at("/metadata/labels")["pod-security.kubernetes.io/enforce"];
        assert_eq!(level, "restricted");
        for document in &rendered.documents {
            if document.kind() != "Namespace" {
                assert_eq!(
                    document.at("/metadata/namespace"),
                    "ferrule",
                    "{}",
                    document.name()
                );
            }
        }
    });
}

#[test]
fn no_pod_runs_as_root_or_writes_outside_its_volumes() {
    on_each_pod(|workload| {
        let pod = &workload.pod["securityContext"];
        assert_eq!(pod["runAsNonRoot"], true, "{}", workload.name);
        assert!(pod["runAsUser"].as_u64() > Some(0), "{}", workload.name);
        assert_eq!(
            pod["seccompProfile"]["type"], "RuntimeDefault",
            "{}",
            workload.name
        );
        for host in ["hostNetwork", "hostPID", "hostIPC"] {
            assert_eq!(workload.pod[host], Value::Null, "{}", workload.name);
        }
        for container in workload.containers() {
            let expected = json!({
                "allowPrivilegeEscalation": false,
                "capabilities": { "drop": ["ALL"] },
                "readOnlyRootFilesystem": true,
            });
            assert_eq!(container["securityContext"], expected, "{}", workload.name);
        }
    });
}

#[test]
fn no_pod_holds_a_token_of_the_cluster() {
    on_each_overlay(|rendered| {
        for workload in rendered.workloads() {
            assert_eq!(
                workload.pod["automountServiceAccountToken"], false,
                "{}",
                workload.name
            );
            // The stores have no account of their own: the default one is good for nothing, and not mounted.
            if workload.is_ours() {
                let account = text(&workload.pod["serviceAccountName"]);
                assert_eq!(account, workload.name);
                let account = rendered.get("ServiceAccount", account).expect("its account");
                assert_eq!(account.at("/automountServiceAccountToken"), false);
            }
        }
    });
}

#[test]
fn every_container_has_requests_and_limits() {
    on_each_pod(|workload| {
        for container in workload.containers() {
            for (kind, resource) in ["requests", "limits"]
                .into_iter()
                .flat_map(|kind| [(kind, "cpu"), (kind, "memory")])
            {
                let amount = text(&container["resources"][kind][resource]);
                assert!(!amount.is_empty(), "{}: no {kind} of {resource}", workload.name);
            }
        }
    });
}

#[test]
fn what_keeps_running_is_probed() {
    on_each_pod(|workload| {
        for container in workload.containers() {
            let probes = ["startupProbe", "livenessProbe", "readinessProbe"].map(|probe| &container[probe]);
            if workload.kind == "Job" {
                assert_eq!(probes, [&Value::Null; 3], "{}", workload.name);
            } else if workload.is_ours() {
                let asked =
                    probes.map(|probe| (text(&probe["httpGet"]["path"]), text(&probe["httpGet"]["port"])));
                let expected = [("/healthz", "admin"), ("/healthz", "admin"), ("/readyz", "admin")];
                assert_eq!(asked, expected, "{}", workload.name);
            } else {
                assert!(probes.iter().all(|probe| probe.is_object()), "{}", workload.name);
            }
        }
    });
}

#[test]
fn a_pod_that_ends_has_the_time_to_drain() {
    on_each_overlay(|rendered| {
        let settings = rendered
            .of_kind("ConfigMap")
            .next()
            .expect("the settings that services share");
        let default = Variable::find("FERRULE_DRAIN_SECONDS").and_then(|variable| variable.service_default);
        let drain = settings.at("/data/FERRULE_DRAIN_SECONDS").as_str().or(default);
        let drain: u64 = drain.and_then(|drain| drain.parse().ok()).expect("seconds");
        let services = rendered
            .workloads()
            .into_iter()
            .filter(|workload| workload.kind == "Deployment");
        for workload in services {
            let grace = workload.pod["terminationGracePeriodSeconds"].as_u64();
            for container in workload.containers() {
                let leaving = container.pointer("/lifecycle/preStop/sleep/seconds");
                let leaving = leaving.and_then(Value::as_u64).expect("preStop waits");
                assert!(
                    grace >= Some(leaving + drain + AFTER_DRAINING),
                    "{}",
                    workload.name
                );
            }
        }
    });
}

#[test]
fn replicas_spread_over_zones_and_nodes_and_are_not_all_evicted_at_once() {
    on_each_overlay(|rendered| {
        for workload in rendered.workloads() {
            if workload.kind != "Deployment" {
                continue;
            }
            let selector = json!({ "matchLabels": { "app.kubernetes.io/name": workload.name } });
            let spread: Vec<_> = list_of(&workload.pod["topologySpreadConstraints"])
                .filter(|spread| spread["labelSelector"] == selector)
                .map(|spread| text(&spread["topologyKey"]))
                .collect();
            let expected = ["topology.kubernetes.io/zone", "kubernetes.io/hostname"];
            assert_eq!(spread, expected, "{}", workload.name);

            let budget = rendered
                .get("PodDisruptionBudget", workload.name)
                .expect("a budget");
            assert_eq!(budget.at("/spec/selector"), &selector);
            assert_eq!(budget.at("/spec/maxUnavailable"), 1);
        }
    });
}

#[test]
fn the_local_overlay_runs_this_version() {
    let local = super::Rendered::overlay("local");
    for workload in local.workloads().iter().filter(|workload| workload.is_ours()) {
        for container in workload.containers() {
            let (_, tag) = text(&container["image"]).rsplit_once(':').expect("a tag");
            assert_eq!(tag, env!("CARGO_PKG_VERSION"), "{}", workload.name);
        }
    }
}

#[test]
fn production_scales_every_service_and_names_images_by_digest() {
    let production = super::Rendered::overlay("production");
    for workload in production.workloads() {
        for container in workload.containers() {
            let image = text(&container["image"]);
            let digest = image
                .split_once("@sha256:")
                .is_some_and(|(_, digest)| digest.len() == 64);
            assert!(digest, "{}: {image}", workload.name);
        }
        if workload.kind == "Deployment" {
            let scaler = production
                .get("HorizontalPodAutoscaler", workload.name)
                .expect("a scaler");
            assert_eq!(scaler.at("/spec/scaleTargetRef/name"), workload.name);
            assert!(scaler.at("/spec/minReplicas").as_u64() >= Some(2));
            // Both would write the number of replicas.
            let deployment = production.get("Deployment", workload.name).expect("itself");
            assert_eq!(deployment.at("/spec/replicas"), &Value::Null);
        }
    }
}
