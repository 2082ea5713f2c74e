//! `oauth-broker` as a process of its own, with a real Redis.

use std::path::Path;
use std::time::Duration;

use ferrule_model::Chance;
use ferrule_seal::KeyRing;
use ferrule_testkit::{Behaviour, HttpClient, Process, Redis, TokenEndpoint, free_port, wait_until};
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::{BrokerClient, Transport, connect, is_serving};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::refreshing::{pair, read_journal, refresh, spend};
use crate::requests::{API_SECRET, PUBLIC_URL, bring};
use crate::world::{blocking, exchange, granted};

const BINARY: &str = env!("CARGO_BIN_EXE_oauth-broker");
const LIMIT: Duration = Duration::from_secs(30);

/// One broker, and what it needs.
struct Cluster {
    redis: Redis,
    vendor: TokenEndpoint,
    process: Process,
    grpc: Transport,
    admin: String,
    ring: String,
    connectors: TempDir,
}

fn ring() -> String {
    KeyRing::generate(&Chance::system(), "first")
        .expose_secret()
        .to_owned()
}

fn start() -> Cluster {
    let redis = Redis::start();
    let vendor = TokenEndpoint::start(Behaviour::default());
    let connectors = tempfile::tempdir().unwrap();
    let file = format!(
        "key = \"acme\"\nname = \"Acme\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\n\
         authorization_url = \"{}\"\ntoken_url = \"{}\"\n",
        vendor.authorization_url(),
        vendor.token_url()
    );
    std::fs::write(connectors.path().join("acme.toml"), file).unwrap();
    let ring = ring();
    let (process, grpc, admin) = spawn(&redis, &ring, connectors.path());
    Cluster {
        redis,
        vendor,
        process,
        grpc,
        admin,
        ring,
        connectors,
    }
}

fn spawn(redis: &Redis, ring: &str, connectors: &Path) -> (Process, Transport, String) {
    let (grpc, admin) = (free_port(), free_port());
    let mut process = Process::spawn(
        Path::new(BINARY),
        &[
            ("FERRULE_PUBLIC_URL", PUBLIC_URL),
            ("FERRULE_REDIS_URL", &redis.url()),
            ("FERRULE_MASTER_KEYS", ring),
            ("FERRULE_GRPC_LISTEN", &format!("127.0.0.1:{grpc}")),
            ("FERRULE_ADMIN_LISTEN", &format!("127.0.0.1:{admin}")),
            ("FERRULE_CONNECTORS_DIR", connectors.to_str().unwrap()),
            ("FERRULE_ALLOW_PRIVATE_NETWORKS", "true"),
            ("FERRULE_LOG", "trace"),
        ],
    );
    let admin = format!("http://127.0.0.1:{admin}");
    process.wait_until_ready(&format!("{admin}/readyz"));
    let grpc = connect(&format!("http://127.0.0.1:{grpc}"), None, LIMIT).unwrap();
    (process, grpc, admin)
}

impl Cluster {
    /// The next process, in the place of the one that ended.
    fn start_again(&mut self) {
        (self.process, self.grpc, self.admin) = spawn(&self.redis, &self.ring, self.connectors.path());
    }

    fn status(&self, path: &str) -> u16 {
        HttpClient::new()
            .get(&format!("{}{path}", self.admin), &[])
            .status
    }

    fn serves(&self) -> bool {
        let asked = is_serving(self.grpc.clone());
        tokio::runtime::Handle::current().block_on(asked).is_ok()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn it_is_ready_while_its_redis_is_there() {
    let mut cluster = blocking(start);
    is_serving(cluster.grpc.clone()).await.unwrap();
    blocking(|| {
        assert_eq!(
            (cluster.status("/healthz"), cluster.status("/readyz")),
            (200, 200)
        );
        cluster.redis.kill();
        wait_until("it is not ready", LIMIT, || {
            cluster.status("/readyz") == 503 && !cluster.serves()
        });
        assert_eq!(cluster.status("/healthz"), 200);
        cluster.redis.restart();
        wait_until("it is ready", LIMIT, || {
            cluster.status("/readyz") == 200 && cluster.serves()
        });
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn told_to_stop_it_finishes_what_is_in_flight_and_ends_well() {
    let mut cluster = blocking(start);
    let held = cluster.vendor.hold();
    let client = BrokerClient::new(cluster.grpc.clone());
    let call = tokio::spawn(exchange(client, bring("acme", "the-code", "")));
    blocking(|| {
        cluster.vendor.wait_for_requests("/token", 1);
        cluster.process.terminate();
        wait_until("it takes no more connections", LIMIT, || {
            !cluster.process.is_running()
                || HttpClient::new()
                    .request("GET", &format!("{}/healthz", cluster.admin), &[], b"")
                    .is_err()
        });
    });
    assert!(cluster.process.is_running(), "a call is in flight");
    drop(held);
    let grant = granted(call.await.unwrap());
    let ended = blocking(|| cluster.process.wait());
    assert_eq!(ended.code(), Some(0), "{}", cluster.process.stderr());

    let log = cluster.process.stdout() + &cluster.process.stderr();
    let dump = blocking(|| cluster.redis.dump());
    for secret in ["the-code", API_SECRET, &grant.access_token, &grant.refresh_token] {
        assert!(!log.contains(secret), "{secret} in {log}");
        assert!(!String::from_utf8_lossy(&dump).contains(secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_call_that_was_given_up_is_finished_before_it_ends() {
    let mut cluster = blocking(start);
    let held = cluster.vendor.hold();
    let client = BrokerClient::new(cluster.grpc.clone());
    let call = tokio::spawn(exchange(client, bring("acme", "the-code", "")));
    blocking(|| cluster.vendor.wait_for_requests("/token", 1));
    call.abort();
    cluster.process.terminate();
    drop(held);
    blocking(|| {
        assert_eq!(cluster.process.wait().code(), Some(0));
        let answered = String::from_utf8_lossy(&cluster.redis.dump())
            .lines()
            .any(|line| line.len() > 400);
        assert!(answered, "the sealed answer, longer than a mark, is kept");
    });
    assert!(!matches!(call.await, Ok(Ok(Outcome::Confirmed(_)))));
}

/// `kill -9` as soon as the vendor's answer is kept, whether or not it was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_pair_outlives_the_process_that_got_it() {
    let mut cluster = blocking(start);
    let request = spend("acme", "the-token");
    let call = tokio::spawn(refresh(BrokerClient::new(cluster.grpc.clone()), request.clone()));
    let kept = || String::from_utf8_lossy(&cluster.redis.dump()).contains("refresh:");
    blocking(|| {
        wait_until("the answer is kept", LIMIT, kept);
        cluster.process.kill();
    });
    drop(call);
    blocking(|| cluster.start_again());
    let client = || BrokerClient::new(cluster.grpc.clone());
    let waiting = read_journal(client(), &request).await.unwrap().unwrap();
    assert_eq!(pair(refresh(client(), request).await), waiting);
    assert!(cluster.vendor.secrets().contains(&waiting.refresh_token));
    assert_eq!(cluster.vendor.requests_to("/token").len(), 1);
}

/// All that it needs; each test leaves one out or writes one wrong.
fn complete() -> Vec<(&'static str, String)> {
    vec![
        ("FERRULE_PUBLIC_URL", PUBLIC_URL.to_owned()),
        ("FERRULE_REDIS_URL", "redis://127.0.0.1:1/".to_owned()),
        ("FERRULE_MASTER_KEYS", ring()),
        ("FERRULE_GRPC_LISTEN", "127.0.0.1:0".to_owned()),
        ("FERRULE_ADMIN_LISTEN", "127.0.0.1:0".to_owned()),
    ]
}

fn ends(environment: &[(&'static str, String)]) -> (Option<i32>, String) {
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut process = Process::spawn(Path::new(BINARY), &environment);
    let code = process.wait().code();
    (code, process.stderr())
}

#[test]
fn a_missing_setting_is_one_line_and_exit_code_2() {
    for missing in [
        "FERRULE_PUBLIC_URL",
        "FERRULE_REDIS_URL",
        "FERRULE_MASTER_KEYS",
        "FERRULE_GRPC_LISTEN",
    ] {
        let mut environment = complete();
        environment.retain(|(name, _)| *name != missing);
        let (code, line) = ends(&environment);
        assert_eq!(code, Some(2), "{line}");
        assert!(line.contains(missing) && line.contains("is not set"), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

#[test]
fn a_setting_that_cannot_be_used_ends_it_with_one_line_that_names_it() {
    for (name, value) in [
        ("FERRULE_MASTER_KEYS", "first:hunter2"),
        ("FERRULE_REDIS_URL", "http://hunter2@localhost"),
        ("FERRULE_GRPC_LISTEN", "hunter2"),
        ("FERRULE_CONNECTORS_DIR", "/no/such/folder"),
    ] {
        let mut environment = complete();
        environment.retain(|(set, _)| *set != name);
        environment.push((name, value.to_owned()));
        let (code, line) = ends(&environment);
        assert!(matches!(code, Some(1 | 2)), "{code:?} {line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains(name), "{line}");
        assert!(
            name == "FERRULE_GRPC_LISTEN" || !line.contains("hunter2"),
            "{line}"
        );
    }
}

#[test]
fn a_redis_that_evicts_is_refused() {
    let redis = Redis::start();
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let mut environment = complete();
    environment.retain(|(name, _)| *name != "FERRULE_REDIS_URL");
    environment.push(("FERRULE_REDIS_URL", redis.url()));
    let (code, line) = ends(&environment);
    assert_eq!(code, Some(1), "{line}");
    assert!(
        line.contains("noeviction") && line.contains("allkeys-lru"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1, "{line}");
}
