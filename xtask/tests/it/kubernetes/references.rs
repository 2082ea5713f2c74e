//! What one object says of another holds: settings, secrets, ports, names in certificates.

use std::collections::BTreeSet;
use std::process::Command;

use ferrule_service::settings::{VARIABLES, Variable};
use serde_json::{Value, json};

use super::on_each_overlay;
use super::rendered::{Document, Rendered, Workload, documents, folder, list_of, text};

/// The program that a container of ours runs.
fn program(container: &Value) -> &str {
    let image = text(&container["image"]);
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split(['@', ':']).next().unwrap_or_default()
}

/// The setting of an environment variable, by its plain or its `_FILE` form.
fn setting(name: &str) -> Option<&'static Variable> {
    VARIABLES
        .iter()
        .find(|variable| variable.name == name || variable.file_form().as_deref() == Some(name))
}

/// Name and value of each variable that a container gets.
fn environment(rendered: &Rendered, container: &Value) -> Vec<(String, String)> {
    let own = list_of(&container["env"]).map(|entry| (text(&entry["name"]), text(&entry["value"])));
    let shared = list_of(&container["envFrom"]).flat_map(|source| {
        let name = text(&source["configMapRef"]["name"]);
        let map = rendered
            .get("ConfigMap", name)
            .expect("the ConfigMap of that name");
        let data = map.at("/data").as_object().expect("its entries");
        data.iter().map(|(name, value)| (name.as_str(), text(value)))
    });
    own.chain(shared)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn ours(rendered: &Rendered) -> impl Iterator<Item = (Workload<'_>, &Value)> {
    let ours = rendered.workloads().into_iter().filter(Workload::is_ours);
    ours.flat_map(|workload| workload.containers().map(move |container| (workload, container)))
}

#[test]
fn every_variable_is_a_setting_that_the_program_reads() {
    on_each_overlay(|rendered| {
        for (workload, container) in ours(rendered) {
            for entry in list_of(&container["env"]) {
                let name = text(&entry["name"]);
                let setting = setting(name).unwrap_or_else(|| panic!("{name} is no setting"));
                let program = program(container);
                assert!(
                    setting.used_by.contains(&program),
                    "{}: {program} does not read {name}",
                    workload.name
                );
                assert!(
                    !setting.secret || name != setting.name,
                    "{name} belongs in a Secret"
                );
            }
            for (name, _) in environment(rendered, container) {
                assert!(setting(&name).is_some(), "{name} is no setting");
            }
        }
    });
}

#[test]
fn no_secret_stands_in_a_manifest() {
    on_each_overlay(|rendered| {
        assert_eq!(rendered.of_kind("Secret").count(), 0, "{}", rendered.overlay);
    });
}

#[test]
fn every_file_that_a_setting_names_is_mounted_from_a_secret_that_has_it() {
    on_each_overlay(|rendered| {
        for (workload, container) in ours(rendered) {
            for (name, path) in environment(rendered, container) {
                if !name.ends_with("_FILE") && !name.starts_with("FERRULE_GRPC_TLS_") {
                    continue;
                }
                let (directory, entry) = path.rsplit_once('/').expect("a path");
                let mount = list_of(&container["volumeMounts"])
                    .find(|mount| mount["mountPath"] == directory)
                    .unwrap_or_else(|| panic!("{}: nothing is mounted at {directory}", workload.name));
                assert_eq!(mount["readOnly"], true, "{}", workload.name);
                // A file mounted on its own never changes again: keys and certificates do.
                assert_eq!(mount["subPath"], Value::Null, "{}", workload.name);
                let volume = list_of(&workload.pod["volumes"])
                    .find(|volume| volume["name"] == mount["name"])
                    .expect("the volume of that mount");
                let secret = text(&volume["secret"]["secretName"]);
                assert!(
                    entries_of(rendered, secret).contains(entry),
                    "{}: {secret} has no {entry}",
                    workload.name
                );
            }
        }
    });
}

/// What a Secret holds: one that cert-manager makes, or one that the operator does.
fn entries_of(rendered: &Rendered, secret: &str) -> BTreeSet<String> {
    let made = rendered
        .of_kind("Certificate")
        .any(|certificate| certificate.at("/spec/secretName") == secret);
    if made {
        return ["ca.crt", "tls.crt", "tls.key"].map(String::from).into();
    }
    let secrets = made_by_script();
    let found = secrets
        .iter()
        .find(|document| document.name() == secret && document.kind() == "Secret")
        .unwrap_or_else(|| panic!("nobody makes the Secret {secret}"));
    let entries = found.at("/stringData").as_object().expect("its entries");
    entries.keys().cloned().collect()
}

/// The Secrets of the local overlay; docs/operations.md names the same ones for production.
fn made_by_script() -> Vec<Document> {
    let script = folder().join("overlays/local/secrets.sh");
    let output = Command::new("sh").arg(script).output().expect("sh starts");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    documents(&String::from_utf8(output.stdout).expect("UTF-8"))
}

#[test]
fn the_script_makes_what_the_docs_name_and_no_two_alike() {
    let docs = folder().join("../../docs/operations.md");
    let docs = std::fs::read_to_string(docs).expect("docs/operations.md");
    let (once, again) = (made_by_script(), made_by_script());
    let secrets = once.iter().filter(|document| document.kind() == "Secret");
    for secret in secrets {
        assert_eq!(secret.at("/metadata/namespace"), "ferrule");
        for (entry, value) in secret.at("/stringData").as_object().expect("entries") {
            let named = docs.lines().any(|line| {
                line.contains(&format!("`{}`", secret.name())) && line.contains(&format!("`{entry}`"))
            });
            // The password of the database beside them is the local overlay's own affair.
            assert!(
                named || entry == "password",
                "docs/operations.md does not name {entry}"
            );
            let same = again
                .iter()
                .any(|other| other.name() == secret.name() && other.at("/stringData")[entry] == *value);
            assert_eq!(same, value == "redis://redis:6379", "{entry} is not random");
        }
    }
}

#[test]
fn every_mount_has_its_volume_and_every_volume_its_mount() {
    on_each_overlay(|rendered| {
        for workload in rendered.workloads() {
            let claimed = rendered
                .get(workload.kind, workload.name)
                .map(|document| document.at("/spec/volumeClaimTemplates"))
                .expect("itself");
            let volumes: BTreeSet<_> = list_of(&workload.pod["volumes"])
                .map(|volume| text(&volume["name"]))
                .chain(list_of(claimed).map(|claim| text(&claim["metadata"]["name"])))
                .collect();
            let mounted: BTreeSet<_> = workload
                .containers()
                .flat_map(|container| list_of(&container["volumeMounts"]))
                .map(|mount| text(&mount["name"]))
                .collect();
            assert_eq!(volumes, mounted, "{}", workload.name);
        }
    });
}

#[test]
fn a_service_leads_to_a_port_of_its_pods() {
    on_each_overlay(|rendered| {
        for service in rendered.of_kind("Service") {
            let selector = service.at("/spec/selector");
            let workload = rendered
                .workloads()
                .into_iter()
                .find(|workload| {
                    workload.labels["app.kubernetes.io/name"] == selector["app.kubernetes.io/name"]
                })
                .expect("pods of that name");
            for port in list_of(service.at("/spec/ports")) {
                let target = &port["targetPort"];
                let found = workload
                    .containers()
                    .flat_map(|container| list_of(&container["ports"]))
                    .any(|port| port["name"] == *target);
                assert!(found, "{}: {target}", service.name());
            }
        }
        for backend in ["oauth-broker", "instance-registry"] {
            let service = rendered.get("Service", backend).expect("a Service");
            // Its name must resolve to every replica, or one of them would get all calls.
            assert_eq!(service.at("/spec/clusterIP"), "None", "{backend}");
        }
    });
}

#[test]
fn addresses_of_services_are_those_in_their_certificates() {
    on_each_overlay(|rendered| {
        for (_, container) in ours(rendered) {
            for (name, url) in environment(rendered, container) {
                if !matches!(name.as_str(), "FERRULE_BROKER_URL" | "FERRULE_REGISTRY_URL") {
                    continue;
                }
                let (host, port) = url
                    .strip_prefix("https://")
                    .and_then(|rest| rest.split_once(':'))
                    .unwrap_or_else(|| panic!("{name}: {url}"));
                let service = rendered.get("Service", host).expect("the Service of that host");
                assert_eq!(service.at("/spec/ports/0/port").to_string(), port, "{name}");
                let certificate = rendered
                    .get("Certificate", &format!("{host}-grpc-tls"))
                    .expect("a certificate");
                assert_eq!(certificate.at("/spec/dnsNames"), &json!([host]));
            }
        }
    });
}

#[test]
fn each_service_has_a_certificate_that_serves_and_calls() {
    on_each_overlay(|rendered| {
        let authority = rendered.get("Issuer", "grpc-ca").expect("an authority");
        let signing = rendered.get("Certificate", "grpc-ca").expect("its certificate");
        assert_eq!(signing.at("/spec/isCA"), true);
        assert_eq!(
            authority.at("/spec/ca/secretName"),
            signing.at("/spec/secretName")
        );
        for name in ["gateway", "oauth-broker", "instance-registry"] {
            let certificate = rendered
                .get("Certificate", &format!("{name}-grpc-tls"))
                .expect("a certificate");
            assert_eq!(certificate.at("/apiVersion"), "cert-manager.io/v1");
            // What stands for its role while FERRULE_GRPC_PEERS names nothing else.
            assert_eq!(certificate.at("/spec/dnsNames"), &json!([name]));
            assert_eq!(
                certificate.at("/spec/issuerRef"),
                &json!({ "kind": "Issuer", "name": "grpc-ca" })
            );
            assert_eq!(certificate.at("/spec/isCA"), &Value::Null);
            let usages: Vec<_> = list_of(certificate.at("/spec/usages")).map(text).collect();
            assert!(
                usages.contains(&"server auth") && usages.contains(&"client auth"),
                "{name}"
            );
        }
    });
}

#[test]
fn the_ingress_serves_the_public_url() {
    on_each_overlay(|rendered| {
        let settings = rendered.of_kind("ConfigMap").next().expect("settings");
        let url = text(settings.at("/data/FERRULE_PUBLIC_URL"));
        let ingress = rendered.get("Ingress", "gateway").expect("an Ingress");
        let host = text(ingress.at("/spec/rules/0/host"));
        let served = if ingress.at("/spec/tls").is_array() {
            assert_eq!(ingress.at("/spec/tls/0/hosts"), &json!([host]));
            format!("https://{host}")
        } else {
            // Reached by way of a forwarded port.
            format!("http://{host}:8080")
        };
        assert_eq!(url, served, "{}", rendered.overlay);
    });
}
