//! Who may know whom (ARCHITECTURE.md), by what the manifests declare.

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

const MODEL: &[&str] = &["ferrule-model"];
const MODEL_AND_CORES: &[&str] = &["ferrule-cores", "ferrule-model"];
const CRATES: &[&str] = &[
    "ferrule-catalog",
    "ferrule-cores",
    "ferrule-model",
    "ferrule-oauth",
    "ferrule-outbound",
    "ferrule-seal",
    "ferrule-service",
    "ferrule-wire",
];
const CRATES_AND_SERVICES: &[&str] = &[
    "ferrule-catalog",
    "ferrule-cores",
    "ferrule-gateway",
    "ferrule-instance-registry",
    "ferrule-model",
    "ferrule-oauth",
    "ferrule-oauth-broker",
    "ferrule-outbound",
    "ferrule-sandbox-vendor",
    "ferrule-seal",
    "ferrule-service",
    "ferrule-wire",
];

/// Each room and the rooms it may know.
const ROOMS: [(&str, &[&str]); 17] = [
    ("ferrule", CRATES_AND_SERVICES),
    // It asks the registry's store for what is due, among a million rows.
    (
        "ferrule-bench-floor",
        &["ferrule-instance-registry", "ferrule-model"],
    ),
    ("ferrule-catalog", MODEL),
    ("ferrule-cores", &[]),
    // It stands for services of others, which know the `.proto` file alone.
    ("ferrule-example-internal-client", &[]),
    ("ferrule-gateway", CRATES),
    ("ferrule-instance-registry", CRATES),
    ("ferrule-model", &[]),
    ("ferrule-oauth", MODEL),
    ("ferrule-oauth-broker", CRATES),
    ("ferrule-outbound", MODEL_AND_CORES),
    ("ferrule-sandbox-vendor", MODEL),
    ("ferrule-seal", MODEL),
    ("ferrule-service", &["ferrule-cores"]),
    ("ferrule-testkit", &[]),
    ("ferrule-wire", MODEL_AND_CORES),
    // The bench starts servers as the tests do; what deploys Ferrule names its settings.
    ("xtask", &["ferrule-service", "ferrule-testkit"]),
];

/// What only tests may know beside that.
const FOR_TESTS: &[&str] = &["ferrule-sandbox-vendor", "ferrule-testkit"];

/// The bench's floors stand on what the product stands on, and are no part of it.
const FLOOR: &str = "ferrule-bench-floor";

/// Crates of others that have one home each, tests included.
const GUESTS: [(&str, &[&str]); 9] = [
    ("aws-lc-rs", &["ferrule-seal"]),
    ("fjall", &["ferrule-oauth-broker"]),
    ("hyper-rustls", &["ferrule-outbound"]),
    // The gateway serves with it, `wire` runs hyper on Tokio with it; that only `outbound` uses its client is a rule
    // on sources.
    (
        "hyper-util",
        &["ferrule-gateway", "ferrule-outbound", "ferrule-wire"],
    ),
    ("redis", &["ferrule-oauth-broker"]),
    ("reqwest", &[]),
    ("ring", &[]),
    ("sqlx", &["ferrule-instance-registry"]),
    ("thirtyfour", &["ferrule"]),
];

pub fn packages() -> Vec<Package> {
    MetadataCommand::new()
        .no_deps()
        .exec()
        .expect("cargo metadata")
        .packages
}

#[test]
fn a_room_knows_only_the_rooms_it_may() {
    let rooms: BTreeMap<_, _> = ROOMS.into_iter().collect();
    for package in packages() {
        let known = rooms.get(package.name.as_str());
        let known =
            known.unwrap_or_else(|| panic!("{} is a new room: say here whom it may know", package.name));
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_some())
        {
            let name = dependency.name.as_str();
            let test = dependency.kind == DependencyKind::Development && FOR_TESTS.contains(&name);
            assert!(
                known.contains(&name) || test,
                "{} may not know {name}",
                package.name
            );
        }
    }
}

#[test]
fn a_guest_stays_in_its_room() {
    for package in packages() {
        for dependency in &package.dependencies {
            if let Some((guest, homes)) = GUESTS.iter().find(|(guest, _)| *guest == dependency.name) {
                assert!(
                    homes.contains(&package.name.as_str()) || package.name.as_str() == FLOOR,
                    "{guest} may not be used by {}",
                    package.name
                );
            }
        }
    }
}

#[test]
fn versions_and_lints_are_said_once() {
    for package in packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
        let versions = manifest
            .lines()
            .filter(|line| line.contains("version = ") || line.contains("= \"^"));
        assert_eq!(
            versions.collect::<Vec<_>>(),
            [""; 0],
            "in {}",
            package.manifest_path
        );
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "no lints in {}",
            package.manifest_path
        );
    }
}
