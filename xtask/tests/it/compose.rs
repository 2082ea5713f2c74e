//! `docker-compose.yml`: confined services, secrets by file, nothing but the ingress in the open.

use std::fs;

use serde_json::{Map, Value};

use crate::dependencies::packages;
use crate::sources::root;

/// Its image holds the collector alone, and the collector has no command that asks another one how it is.
const WITHOUT_HEALTH_CHECK: [&str; 1] = ["collector"];
/// It ends when the secrets are laid out.
const ONE_SHOT: &str = "secrets";
const INGRESS: &str = "ingress";
/// Settings whose value is a secret, or may hold one.
const SECRET_WORDS: [&str; 5] = ["SECRET", "KEYS", "PASSWORD", "TOKEN", "CREDENTIALS"];

fn compose(file: &str) -> Value {
    let text = fs::read_to_string(root().join(file)).expect("a compose file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn services() -> Map<String, Value> {
    let services = compose("docker-compose.yml")["services"].clone();
    serde_json::from_value(services).expect("services by their names")
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn environment(service: &Value) -> impl Iterator<Item = (&str, &str)> {
    let variables = service["environment"].as_object().into_iter().flatten();
    variables.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

#[test]
fn every_service_is_confined_and_limited() {
    for (name, service) in services() {
        assert_eq!(service["read_only"], true, "{name}: read_only");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}: cap_drop");
        assert_eq!(
            texts(&service["security_opt"]),
            ["no-new-privileges:true"],
            "{name}: security_opt"
        );
        for limit in ["cpus", "mem_limit", "pids_limit", "stop_grace_period", "user"] {
            assert!(!service[limit].is_null(), "{name} has no {limit}");
        }
        let root = service["user"]
            .as_str()
            .is_some_and(|user| user.starts_with("0:"));
        assert_eq!(root, name == ONE_SHOT, "{name}: user");
        let image = service["image"].as_str().expect("an image");
        let tag = image.split_once(':').map(|(_, tag)| tag);
        assert!(tag.is_some_and(|tag| tag != "latest"), "{name}: {image}");
    }
}

#[test]
fn every_service_says_how_it_is_and_comes_back() {
    for (name, service) in services() {
        if name == ONE_SHOT {
            assert_eq!(service["restart"], "no", "{name}: restart");
            continue;
        }
        assert_eq!(service["restart"], "unless-stopped", "{name}: restart");
        let checked = !service["healthcheck"]["test"].is_null();
        assert_eq!(
            checked,
            !WITHOUT_HEALTH_CHECK.contains(&name.as_str()),
            "{name}: healthcheck"
        );
        for (other, wait) in service["depends_on"].as_object().into_iter().flatten() {
            let expected = if other == ONE_SHOT {
                "service_completed_successfully"
            } else {
                "service_healthy"
            };
            assert_eq!(wait["condition"], expected, "{name} waits for {other}");
        }
    }
}

#[test]
fn a_service_sees_its_own_secrets_and_no_value_stands_in_the_file() {
    for (name, service) in services() {
        for volume in texts(&service["volumes"]) {
            let Some(folder) = volume.strip_prefix("./deploy/secrets") else {
                continue;
            };
            let expected = if name == ONE_SHOT {
                ":/secrets".to_owned()
            } else {
                format!("/{name}:/run/secrets:ro")
            };
            assert_eq!(folder, expected, "{name}");
        }
        for (variable, value) in environment(&service) {
            let secret = SECRET_WORDS.iter().any(|word| variable.contains(word));
            let by_file = variable.ends_with("_FILE") && value.starts_with("/run/secrets/");
            assert!(!secret || by_file, "{name}: {variable} belongs in a file");
            assert!(!value.contains('@'), "{name}: {variable} holds credentials");
        }
    }
}

#[test]
fn the_ingress_alone_is_in_the_open() {
    for (name, service) in services() {
        for port in texts(&service["ports"]) {
            assert!(
                name == INGRESS || port.starts_with("127.0.0.1:"),
                "{name} publishes {port}"
            );
        }
    }
}

#[test]
fn stores_have_no_way_out() {
    let networks = compose("docker-compose.yml")["networks"].clone();
    for (store, network) in [("redis", "handshakes"), ("postgres", "database")] {
        assert_eq!(texts(&services()[store]["networks"]), [network], "{store}");
        assert_eq!(networks[network]["internal"], true, "{network}");
    }
}

#[test]
fn what_is_mounted_is_there() {
    for (name, service) in services() {
        let mounted = texts(&service["volumes"])
            .into_iter()
            .filter_map(|volume| volume.split(':').next());
        for path in mounted.filter(|path| path.starts_with("./") && !path.starts_with("./deploy/secrets/")) {
            assert!(root().join(path).exists(), "{name} mounts {path}");
        }
    }
}

#[test]
fn every_setting_is_one_that_the_readme_lists() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for (name, service) in services() {
        for (variable, _) in environment(&service).filter(|(variable, _)| variable.starts_with("FERRULE_")) {
            let setting = variable.trim_end_matches("_FILE");
            assert!(readme.contains(&format!("`{setting}`")), "{name}: {variable}");
        }
    }
}

#[test]
fn what_the_compose_test_changes_is_there() {
    let (base, over) = (
        compose("docker-compose.yml"),
        compose("xtask/stand-ins/compose.yml"),
    );
    for part in ["services", "networks"] {
        for name in over[part]
            .as_object()
            .expect("names")
            .keys()
            .filter(|name| *name != "vendor")
        {
            assert!(!base[part][name].is_null(), "{part}: {name}");
        }
    }
}

#[test]
fn the_dockerfile_has_a_target_for_each_service_that_is_built() {
    let dockerfile = fs::read_to_string(root().join("deploy/Dockerfile")).expect("a Dockerfile");
    for (name, service) in services() {
        if let Some(target) = service["build"]["target"].as_str() {
            assert!(
                dockerfile.contains(&format!(" AS {target}\n")),
                "{name}: {target}"
            );
        }
    }
}

#[test]
fn every_room_is_there_when_images_are_built() {
    let [dockerfile, ignored] = ["deploy/Dockerfile", ".dockerignore"]
        .map(|file| fs::read_to_string(root().join(file)).expect("a file of the build"));
    for package in packages() {
        let folder = package.manifest_path.strip_prefix(root()).expect("a room");
        let folder = folder.components().next().expect("a folder");
        assert!(
            dockerfile.contains(&format!("\nCOPY {folder} {folder}\n")),
            "the Dockerfile lacks {folder}"
        );
        assert!(
            ignored.contains(&format!("\n!{folder}\n")),
            ".dockerignore hides {folder}"
        );
    }
}
