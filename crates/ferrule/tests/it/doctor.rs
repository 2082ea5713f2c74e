//! `ferrule doctor`, well and with each fault, against real servers.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use ferrule_testkit::{Authority, Postgres, Process, Redis, binary, free_port};
use serde_json::Value;

use crate::world::World;

const RING: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_RING: &str = "k2:HxwdHh8bGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=";

/// What `doctor` says of a program, each as (check, state, what, remedy), and whether all is well.
struct Said {
    ok: bool,
    findings: Vec<[String; 4]>,
}

fn ask(world: &World, program: &str) -> Said {
    let ended = world.run(&["doctor", program, "--json"]);
    let report: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.stdout, ended.stderr));
    let ok = report["ok"] == true;
    assert_eq!(ended.code, Some(i32::from(!ok)), "{}", ended.stderr);
    let findings = report["findings"].as_array().unwrap().iter().map(|finding| {
        ["check", "state", "what", "remedy"].map(|key| finding[key].as_str().unwrap().to_owned())
    });
    Said {
        ok,
        findings: findings.collect(),
    }
}

impl Said {
    fn assert_has(&self, check: &str, state: &str, words: &str) {
        let found = self.findings.iter().any(|[checked, found, what, remedy]| {
            checked == check
                && found == state
                && what.contains(words)
                && (state == "ok" || !remedy.is_empty())
        });
        assert!(found, "{check} is {state}, {words}: {:#?}", self.findings);
    }

    fn assert_all_well(&self) {
        assert!(
            self.ok && self.findings.iter().all(|finding| finding[1] == "ok"),
            "{:#?}",
            self.findings
        );
    }
}

#[test]
fn the_embedded_form_is_well_before_during_and_after_it_runs() {
    let world = World::new();
    let before = ask(&world, "ferrule");
    before.assert_all_well();
    before.assert_has("data directory", "ok", "not there yet");
    assert!(!world.data_dir().exists(), "looking makes nothing");
    let running = world.start();
    let during = ask(&world, "ferrule");
    during.assert_all_well();
    during.assert_has("data directory", "ok", "a Ferrule runs on it");
    during.assert_has("key ring", "ok", "opens the database");
    during.assert_has("schema", "ok", "that of version");
    during.assert_has("database's clock", "ok", "in step");
    during.assert_has("sandbox", "ok", "on");
    running.stop();
    ask(&world, "ferrule").assert_has("data directory", "ok", "no Ferrule runs on it");

    let table = world.run(&["doctor"]);
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), ""));
    assert!(
        table.stdout.lines().all(|line| line.starts_with("ok ")),
        "{}",
        table.stdout
    );
}

#[test]
fn what_others_may_read_and_keys_that_are_gone_are_told() {
    let world = World::new();
    world.start().stop();
    let keys = world.data_dir().join("master-keys");
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&world.data_dir(), 0o755);
    mode(&keys, 0o644);
    let said = ask(&world, "ferrule");
    said.assert_has("data directory", "warn", "may look into");
    said.assert_has("data directory", "wrong", "may read");
    fs::write(&keys, OTHER_RING).unwrap();
    ask(&world, "ferrule").assert_has("key ring", "wrong", "does not open the database");
    fs::remove_file(&keys).unwrap();
    ask(&world, "ferrule").assert_has("data directory", "wrong", "is missing");
    let world = World::new();
    fs::write(world.data_dir(), "no directory").unwrap();
    ask(&world, "ferrule").assert_has("data directory", "wrong", "is no directory");
}

#[test]
fn all_wrong_settings_are_told_at_once_and_no_secret_of_them() {
    let world = World::new()
        .with("FERRULE_PUBLIC_URL", "connect.example.com")
        .with("FERRULE_TRUSTED_PROXIES", "the-proxy")
        .with("FERRULE_SANDBOX", "perhaps")
        .with("FERRULE_LIMIT_INSTANCE_RATE", "0")
        .with("FERRULE_REFRESH_RATE", "none")
        .with("FERRULE_MASTER_KEYS", "k1:hidden-ring")
        .with("FERRULE_DATABASE_URL", "postgres://u:hidden-word@127.0.0.1:1/d")
        .with("FERRULE_REDIS_URL", "redis://:hidden-pass@127.0.0.1:1")
        .with("FERRULE_SANDBOCKS", "true");
    let said = ask(&world, "ferrule");
    for name in [
        "FERRULE_PUBLIC_URL",
        "FERRULE_TRUSTED_PROXIES",
        "FERRULE_SANDBOX",
        "FERRULE_LIMIT_INSTANCE_RATE",
        "FERRULE_REFRESH_RATE",
    ] {
        said.assert_has("settings", "wrong", name);
    }
    said.assert_has("settings", "warn", "FERRULE_SANDBOCKS");
    said.assert_has("key ring", "wrong", "FERRULE_MASTER_KEYS");
    said.assert_has("database", "wrong", "postgres://u:********@127.0.0.1:1/d");
    said.assert_has("redis", "wrong", "127.0.0.1:1");
    assert!(
        !format!("{:?}", said.findings).contains("hidden-"),
        "{:?}",
        said.findings
    );
    let ended = world.run(&["doctor", "cook"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("gateway, oauth-broker"), "{}", ended.stderr);
}

#[test]
fn what_a_public_ferrule_should_not_have_is_told() {
    let connectors = World::new().with_connector("acme", "key = \"acme\"\n");
    let world = connectors
        .with("FERRULE_PUBLIC_URL", "http://connect.example.com")
        .with("FERRULE_ALLOW_PRIVATE_NETWORKS", "true");
    let said = ask(&world, "ferrule");
    said.assert_has("public URL", "warn", "clear text");
    said.assert_has("sandbox", "warn", "where others can reach it");
    said.assert_has("connectors", "wrong", "acme.toml");
    let world = world.with("FERRULE_PUBLIC_URL", "https://connect.example.com");
    ask(&world, "ferrule").assert_has("public URL", "warn", "no proxy is trusted");
}

/// A registry and a broker, as far as their stores go.
fn of_the_cluster(database: &str, redis: &Redis) -> World {
    World::bare()
        .without("FERRULE_LISTEN")
        .with("FERRULE_GRPC_LISTEN", "127.0.0.1:7001")
        .with("FERRULE_BROKER_URL", &format!("http://127.0.0.1:{}", free_port()))
        .with("FERRULE_PUBLIC_URL", "https://connect.example.com")
        .with("FERRULE_DATABASE_URL", database)
        .with("FERRULE_REDIS_URL", &redis.url())
        .with("FERRULE_MASTER_KEYS", RING)
}

#[test]
fn a_redis_is_well_or_evicts_or_forgets_or_is_not_there() {
    let mut redis = Redis::start_append_only();
    let world = of_the_cluster("sqlite://none.db", &redis);
    let said = ask(&world, "oauth-broker");
    said.assert_all_well();
    said.assert_has("redis", "ok", "noeviction, appendonly");
    said.assert_has("redis's clock", "ok", "in step");
    redis.command(&["CONFIG", "SET", "appendonly", "no"]);
    ask(&world, "oauth-broker").assert_has("redis", "warn", "append-only");
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    ask(&world, "oauth-broker").assert_has("redis", "wrong", "allkeys-lru");
    redis.command(&["CONFIG", "SET", "requirepass", "another"]);
    ask(&world, "oauth-broker").assert_has("redis", "wrong", "refused");
    redis.kill();
    ask(&world, "oauth-broker").assert_has("redis", "wrong", "unavailable");
}

#[test]
fn a_database_is_well_or_older_or_newer_or_anothers_or_takes_no_writes_or_is_not_there() {
    let mut postgres = Postgres::start();
    let (database, redis) = (postgres.fresh_database(), Redis::start_append_only());
    let world = of_the_cluster(&database, &redis);
    let said = ask(&world, "instance-registry");
    said.assert_has("schema", "warn", "to be applied");
    said.assert_has("key ring", "ok", "nothing is sealed");
    said.assert_has("oauth-broker", "wrong", "does not answer");
    assert_eq!(
        postgres.query(
            &database,
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ),
        "0\n"
    );

    let mut migrate = Process::spawn_with(
        &binary("instance-registry"),
        &["migrate"],
        &[("FERRULE_DATABASE_URL", database.as_str())],
    );
    assert!(migrate.wait().success());
    let said = ask(&world, "instance-registry");
    said.assert_has("database", "ok", "answers");
    said.assert_has("schema", "ok", "that of version");
    said.assert_has("database's clock", "ok", "in step");
    postgres.query(&database, "INSERT INTO _sqlx_migrations SELECT 999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations LIMIT 1");
    ask(&world, "instance-registry").assert_has("schema", "warn", "a later version");
    postgres.query(
        &database,
        "INSERT INTO check_value VALUES ('master', 'v1.k9.junk')",
    );
    ask(&world, "instance-registry").assert_has("key ring", "wrong", "does not open the database");
    let name = database.rsplit('/').next().unwrap();
    postgres.query(
        &database,
        &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
    );
    ask(&world, "instance-registry").assert_has("database", "wrong", "takes no writes");
    postgres.stop();
    ask(&world, "instance-registry").assert_has("database", "wrong", "not available");
}

#[test]
fn tls_files_are_well_or_do_not_belong_together_or_name_nobody_or_are_over() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let redis = Redis::start_append_only();
    let files = |certificate: &Path, key: &Path| {
        of_the_cluster("sqlite://none.db", &redis)
            .with("FERRULE_LISTEN", "127.0.0.1:0")
            .with(
                "FERRULE_BROKER_URL",
                &format!("https://127.0.0.1:{}", free_port()),
            )
            .with(
                "FERRULE_REGISTRY_URL",
                &format!("https://127.0.0.1:{}", free_port()),
            )
            .with("FERRULE_GRPC_TLS_CERT", &certificate.display().to_string())
            .with("FERRULE_GRPC_TLS_KEY", &key.display().to_string())
            .with("FERRULE_GRPC_TLS_CA", &authority.file().display().to_string())
    };
    let gateway = authority.certify("gateway");
    let said = ask(&files(&gateway.certificate_file, &gateway.key_file), "gateway");
    said.assert_has("certificate", "ok", "holds until");
    said.assert_has("certificate", "ok", "it bears gateway");
    said.assert_has("authority", "ok", "an authority of a test");
    said.assert_has("oauth-broker", "wrong", "does not answer");
    said.assert_has("instance-registry", "wrong", "does not answer");

    let nobody = authority.certify("nobody.example");
    let said = ask(&files(&nobody.certificate_file, &nobody.key_file), "gateway");
    said.assert_has(
        "certificate",
        "warn",
        "none of these says that this is the gateway",
    );
    let over = authority.certify_until("gateway", 2020);
    let said = ask(&files(&over.certificate_file, &over.key_file), "gateway");
    said.assert_has("certificate", "wrong", "has not held since 2020");
    let said = ask(
        &files(&gateway.certificate_file, &stranger.certify("gateway").key_file),
        "gateway",
    );
    said.assert_has("certificate", "wrong", "cannot be used");
    let said = ask(
        &files(&gateway.certificate_file, Path::new("/nowhere.pem")),
        "gateway",
    );
    said.assert_has("certificate", "wrong", "cannot read /nowhere.pem");
}
