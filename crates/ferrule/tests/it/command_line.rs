//! What `ferrule` answers without running: help, version, the settings in force.

use crate::bash::bash;
use crate::world::World;

const SETTINGS: [&str; 25] = [
    "FERRULE_LISTEN",
    "FERRULE_PUBLIC_URL",
    "FERRULE_DATA_DIR",
    "FERRULE_DATABASE_URL",
    "FERRULE_REDIS_URL",
    "FERRULE_MASTER_KEYS",
    "FERRULE_CONNECTORS_DIR",
    "FERRULE_BOOTSTRAP_ORG_SECRET",
    "FERRULE_BOOTSTRAP_USER_SECRET",
    "FERRULE_BROKER_URL",
    "FERRULE_REGISTRY_URL",
    "FERRULE_GRPC_LISTEN",
    "FERRULE_GRPC_TLS_CERT",
    "FERRULE_GRPC_TLS_KEY",
    "FERRULE_GRPC_TLS_CA",
    "FERRULE_GRPC_PEERS",
    "FERRULE_GRPC_REFLECTION",
    "FERRULE_ADMIN_LISTEN",
    "FERRULE_ANONYMOUS_CATALOGUE",
    "FERRULE_RETURN_URLS",
    "FERRULE_TRUSTED_PROXIES",
    "FERRULE_ALLOW_PRIVATE_NETWORKS",
    "FERRULE_SANDBOX",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
];

#[test]
fn help_tells_every_setting_and_every_command() {
    let ended = World::bare().run(&["--help"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    for word in SETTINGS.into_iter().chain([
        "connectors check DIR",
        "doctor [PROGRAM] [--json]",
        "keys new ID",
        "keys rotate",
        "secrets DIR",
        "healthcheck",
        "127.0.0.1:8080",
        "./.ferrule",
    ]) {
        assert!(
            ended.stdout.contains(word),
            "{word} is missing:\n{}",
            ended.stdout
        );
    }
}

#[test]
fn the_version_is_one_line() {
    for words in [&["version"][..], &["--version"]] {
        let ended = World::bare().run(words);
        assert_eq!(ended.code, Some(0));
        assert_eq!(ended.stdout, concat!("ferrule ", env!("CARGO_PKG_VERSION"), "\n"));
    }
}

#[test]
fn what_is_in_force_is_shown_with_secrets_masked_and_nothing_is_started() {
    let world = World::new()
        .with("FERRULE_MASTER_KEYS", "k1:hidden-one")
        .with("FERRULE_REDIS_URL", "redis://someone:hidden-two@cache:6379")
        .with(
            "FERRULE_DATABASE_URL",
            "postgres://someone:hidden-three@db/ferrule",
        );
    let ended = world.run(&["--print-config"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(
        ended.stdout.contains("FERRULE_LISTEN = 127.0.0.1:0"),
        "{}",
        ended.stdout
    );
    assert!(
        ended.stdout.contains("FERRULE_MASTER_KEYS = ********"),
        "{}",
        ended.stdout
    );
    for secret in ["hidden-", crate::world::USER, crate::world::ORGANIZATION] {
        assert!(!ended.stdout.contains(secret), "{secret}: {}", ended.stdout);
    }
    assert!(!world.data_dir().exists());
}

#[test]
fn what_is_not_known_is_said_with_where_to_look() {
    for words in [
        &["start"][..],
        &["--verbose"],
        &["keys"],
        &["connectors", "check"],
        &["keys", "rotate", "now"],
    ] {
        let ended = World::bare().run(words);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{words:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let program = env!("CARGO_BIN_EXE_ferrule");
    for words in ["--help", "--print-config", "version", "keys new k1"] {
        // `true` reads nothing at all, and is gone at once.
        bash(&format!(
            "set -o pipefail; for _ in 1 2 3 4 5; do {program} {words} | true; done"
        ));
    }
}
