//! What keeps Ferrule from starting: one clear line, a non-zero exit, nothing served.

use std::fs;
use std::net::TcpListener;

use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use ferrule_testkit::HttpClient;
use secrecy::ExposeSecret as _;

use crate::vendors::by_code;
use crate::world::{Ended, World};

/// One line, from `ferrule`, that holds these words.
fn assert_refused(ended: &Ended, words: &[&str]) {
    assert!(matches!(ended.code, Some(1 | 2)), "{words:?}: {ended:?}");
    assert_eq!(ended.stdout, "", "{words:?}");
    // Entries of the log begin with their time; what is said to the person does not.
    let lines: Vec<_> = ended
        .stderr
        .lines()
        .filter(|line| !line.starts_with("20"))
        .collect();
    let [line] = lines.as_slice() else {
        panic!("one line was expected for {words:?}: {ended:?}")
    };
    assert!(line.starts_with("ferrule: "), "{line}");
    for word in words {
        assert!(line.contains(word), "{word:?} is missing: {line}");
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for name in ["FERRULE_LISTEN", "FERRULE_ADMIN_LISTEN"] {
        let ended = World::new().with(name, &address).run(&[]);
        assert_refused(&ended, &[name, &address]);
    }
}

#[test]
fn a_data_directory_that_is_none_is_named() {
    let world = World::new();
    let file = world.file("a-file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below"), "/proc/nowhere".into()] {
        let path = path.display().to_string();
        let ended = World::new().with("FERRULE_DATA_DIR", &path).run(&[]);
        assert_refused(&ended, &["FERRULE_DATA_DIR", &path]);
    }
}

#[test]
fn a_data_directory_has_one_process() {
    let world = World::new();
    let first = world.start();
    let second = world.run(&[]);
    assert_refused(&second, &["FERRULE_DATA_DIR", "another Ferrule runs"]);
    assert_eq!(first.api.get("/instances").status, 200);
    // The lock is the process's: it is gone when the process is, however it ended.
    let mut first = first;
    first.process.kill();
    world.start();
}

#[test]
fn a_database_without_its_key_file_is_not_opened_with_new_keys() {
    let world = World::new();
    world.start().stop();
    let keys = world.data_dir().join("master-keys");
    fs::rename(&keys, world.file("put-away")).unwrap();
    assert_refused(
        &world.run(&[]),
        &["master-keys is missing", "put the key file back"],
    );
    fs::rename(world.file("put-away"), &keys).unwrap();
    world.start();
}

#[test]
fn a_bad_setting_is_named_and_its_value_is_not_shown_where_it_is_a_secret() {
    for (name, value) in [
        ("FERRULE_LISTEN", "8080"),
        ("FERRULE_ADMIN_LISTEN", "localhost:http"),
        ("FERRULE_PUBLIC_URL", "localhost:8080"),
        ("FERRULE_ANONYMOUS_CATALOGUE", "perhaps"),
        ("FERRULE_ALLOW_PRIVATE_NETWORKS", "perhaps"),
        ("FERRULE_SANDBOX", "perhaps"),
        ("FERRULE_TRUSTED_PROXIES", "10.0.0.0/99"),
        ("FERRULE_DRAIN_SECONDS", "soon"),
        ("FERRULE_GRPC_LISTEN", "0.0.0.0:0"),
        ("FERRULE_GRPC_LISTEN", "everywhere"),
        ("FERRULE_LOG", "info,ferrule=loud"),
        ("FERRULE_LOG_FORMAT", "xml"),
        ("FERRULE_CONFIG", "/nowhere/ferrule.toml"),
        ("FERRULE_CONNECTORS_DIR", "/nowhere/connectors"),
        ("FERRULE_DATABASE_URL", "sqlite:///nowhere/ferrule.db"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "not a url"),
        ("FERRULE_MASTER_KEYS_FILE", "/nowhere/keys"),
    ] {
        assert_refused(&World::new().with(name, value).run(&[]), &[name]);
    }
    for (name, value) in [
        ("FERRULE_MASTER_KEYS", "k1:c2VjcmV0LXdvcmRz"),
        ("FERRULE_MASTER_KEYS", "secret-words"),
        ("FERRULE_DATABASE_URL", "mysql://user:secret-words@db/ferrule"),
        ("FERRULE_REDIS_URL", "http://user:secret-words@redis"),
        ("FERRULE_BOOTSTRAP_USER_SECRET", "secret-words"),
        ("FERRULE_BOOTSTRAP_ORG_SECRET", "secret-words, with a comma"),
    ] {
        let ended = World::new().with(name, value).run(&[]);
        assert_refused(&ended, &[name]);
        assert!(
            !ended.stderr.contains("secret-words") && !ended.stderr.contains("c2VjcmV0"),
            "{ended:?}"
        );
    }
}

#[test]
fn a_bad_configuration_file_is_named_with_its_key() {
    let world = World::new();
    let file = world.file("ferrule.toml");
    fs::write(&file, "listn = \"127.0.0.1:0\"\n").unwrap();
    let ended = world.with("FERRULE_CONFIG", &file.display().to_string()).run(&[]);
    assert_refused(&ended, &["ferrule.toml", "listn"]);
}

#[test]
fn a_setting_and_its_file_form_at_once_are_one_too_many() {
    let world = World::new();
    let file = world.file("secret");
    fs::write(&file, "another-user-secret-here").unwrap();
    let ended = world
        .with("FERRULE_BOOTSTRAP_USER_SECRET_FILE", &file.display().to_string())
        .run(&[]);
    assert_refused(&ended, &["FERRULE_BOOTSTRAP_USER_SECRET"]);
}

#[test]
fn security_23_a_ring_that_does_not_open_the_database_leaves_everything_sealed() {
    let world = World::new();
    world.start().stop();
    let other = KeyRing::generate(&Chance::system(), "k1");
    let world = world.with("FERRULE_MASTER_KEYS", other.expose_secret());
    let ferrule = world.start();
    let ready = HttpClient::new().get(&format!("{}/readyz", ferrule.admin), &[]);
    assert_eq!(ready.status, 503, "{}", ready.text());
    let alive = HttpClient::new().get(&format!("{}/healthz", ferrule.admin), &[]);
    assert_eq!(alive.status, 200, "{}", alive.text());
    let answer = ferrule.api.post("/instances", &by_code("intercom", "a-code"));
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
}
