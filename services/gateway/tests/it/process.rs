//! The gateway as a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ferrule_cores::Cores;
use ferrule_testkit::{HttpClient, Process, free_port, wait_until};
use ferrule_wire::v1::instance_registry_server::InstanceRegistryServer;
use ferrule_wire::v1::oauth_broker_server::OauthBrokerServer;
use ferrule_wire::{Doors, Roles, Server, ServerOptions};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::registry::{ORGANIZATION, Registry, TOKEN, USER};
use crate::world::platform;

const DRAIN: Duration = Duration::from_millis(100);

/// Broker and registry on sockets.
pub(crate) struct Peers {
    runtime: Runtime,
    broker: SocketAddr,
    registry: SocketAddr,
    broker_ends: CancellationToken,
}

/// Served in clear text to anybody.
fn open() -> ServerOptions {
    ServerOptions {
        doors: Doors::Open(Roles::ALL),
        cores: Cores::here(),
        reflection: false,
        drain: DRAIN,
    }
}

impl Peers {
    fn start() -> Self {
        Self::with(Arc::default())
    }

    pub(crate) fn with(service: Arc<Registry>) -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = registry.local_addr().unwrap();
        let service = InstanceRegistryServer::from_arc(service);
        let within = runtime.enter();
        let server = Server::new(service, open());
        drop(within);
        runtime.spawn(server.serve(registry, async || true, CancellationToken::new()));
        let mut peers = Self {
            runtime,
            broker: SocketAddr::from(([127, 0, 0, 1], free_port())),
            registry: address,
            broker_ends: CancellationToken::new(),
        };
        peers.start_broker();
        peers
    }

    fn start_broker(&mut self) {
        self.broker_ends = CancellationToken::new();
        let service = OauthBrokerServer::from_arc(Arc::<Broker>::default());
        let within = self.runtime.enter();
        let server = Server::new(service, open());
        drop(within);
        let listener = self.runtime.block_on(TcpListener::bind(self.broker)).unwrap();
        self.runtime
            .spawn(server.serve(listener, async || true, self.broker_ends.clone()));
    }

    fn stop_broker(&self) {
        self.broker_ends.cancel();
        let gone = || std::net::TcpStream::connect(self.broker).is_err();
        wait_until("the broker is gone", Duration::from_secs(10), gone);
    }
}

pub(crate) struct Ports {
    pub(crate) listen: String,
    pub(crate) admin: String,
}

pub(crate) fn ports() -> Ports {
    Ports {
        listen: format!("127.0.0.1:{}", free_port()),
        admin: format!("127.0.0.1:{}", free_port()),
    }
}

pub(crate) fn spawn(peers: &Peers, ports: &Ports, more: &[(&str, &str)]) -> Process {
    let (broker, registry) = (
        format!("http://{}", peers.broker),
        format!("http://{}", peers.registry),
    );
    let mut environment = vec![
        ("FERRULE_LISTEN", ports.listen.as_str()),
        ("FERRULE_ADMIN_LISTEN", &ports.admin),
        ("FERRULE_PUBLIC_URL", "http://localhost:8080"),
        ("FERRULE_BROKER_URL", &broker),
        ("FERRULE_REGISTRY_URL", &registry),
    ];
    environment.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    environment.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    Process::spawn(env!("CARGO_BIN_EXE_gateway").as_ref(), &environment)
}

#[test]
fn it_is_ready_while_both_peers_are_and_ends_in_peace() {
    let (mut peers, ports) = (Peers::start(), ports());
    let mut gateway = spawn(&peers, &ports, &[]);
    let admin = |path: &str| HttpClient::new().get(&format!("http://{}{path}", ports.admin), &[]);
    gateway.wait_until_ready(&format!("http://{}/readyz", ports.admin));
    let url = format!("http://{}/elements/api-v2/instances/594927", ports.listen);
    assert_eq!(
        HttpClient::new()
            .get(&url, &[("Authorization", &platform())])
            .status,
        200
    );

    peers.stop_broker();
    let limit = Duration::from_secs(20);
    wait_until("it is not ready", limit, || admin("/readyz").status == 503);
    assert!(admin("/readyz").text().contains("oauth-broker"));
    assert_eq!(admin("/healthz").status, 200);

    peers.start_broker();
    wait_until("it is ready again", limit, || admin("/readyz").status == 200);
    let url = format!(
        "http://{}/elements/api-v2/elements/intercom/oauth/url?apiKey=k",
        ports.listen
    );
    assert_eq!(HttpClient::new().get(&url, &[]).status, 200);

    gateway.terminate();
    assert!(gateway.wait().success(), "{}", gateway.stderr());
}

#[test]
fn what_it_cannot_start_with_is_one_line_that_names_the_setting() {
    let (peers, ports) = (Peers::start(), ports());
    let taken = peers.registry.to_string();
    for (setting, value, code) in [
        ("FERRULE_LISTEN", "", 2),
        ("FERRULE_LISTEN", "8080", 2),
        ("FERRULE_LISTEN", &*taken, 1),
        ("FERRULE_ADMIN_LISTEN", &*taken, 1),
        ("FERRULE_PUBLIC_URL", "", 2),
        ("FERRULE_BROKER_URL", "", 2),
        ("FERRULE_BROKER_URL", "https://broker:50051", 2),
        ("FERRULE_REGISTRY_URL", "registry:50051", 2),
        ("FERRULE_GRPC_TLS_KEY", "/nowhere/key.pem", 2),
        ("FERRULE_TRUSTED_PROXIES", "everybody", 2),
        ("FERRULE_CONNECTORS_DIR", "/nowhere", 1),
    ] {
        let mut gateway = spawn(&peers, &ports, &[(setting, value), ("FERRULE_LOG", "off")]);
        assert_eq!(gateway.wait().code(), Some(code), "{setting}={value}");
        let said = gateway.stderr();
        assert_eq!(said.lines().count(), 1, "{said}");
        let named = if setting.starts_with("FERRULE_GRPC") {
            "FERRULE_"
        } else {
            setting
        };
        assert!(said.starts_with("gateway: ") && said.contains(named), "{said}");
    }
}

#[test]
fn tls_files_that_cannot_be_used_are_one_line_too() {
    let (peers, ports) = (Peers::start(), ports());
    let folder = tempfile::tempdir().unwrap();
    let junk = folder.path().join("junk.pem");
    std::fs::write(&junk, "junk").unwrap();
    for (file, words) in [
        (junk.to_str().unwrap(), "the TLS files cannot be used"),
        ("/nowhere/c.pem", "cannot read /nowhere/c.pem"),
    ] {
        let tls = [
            ("FERRULE_BROKER_URL", "https://127.0.0.1:1"),
            ("FERRULE_REGISTRY_URL", "https://127.0.0.1:1"),
            ("FERRULE_GRPC_TLS_CERT", file),
            ("FERRULE_GRPC_TLS_KEY", file),
            ("FERRULE_GRPC_TLS_CA", file),
        ];
        let mut gateway = spawn(&peers, &ports, &tls);
        assert_eq!(gateway.wait().code(), Some(1));
        let said = gateway.stderr();
        assert!(said.lines().count() == 1 && said.contains(words), "{said}");
    }
}

#[test]
fn a_wrong_connector_file_is_a_line_in_the_log_and_no_more() {
    let (peers, ports) = (Peers::start(), ports());
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("broken.toml"), "key = 7\n").unwrap();
    let directory = folder.path().to_str().unwrap();
    let mut gateway = spawn(&peers, &ports, &[("FERRULE_CONNECTORS_DIR", directory)]);
    gateway.wait_until_ready(&format!("http://{}/readyz", ports.admin));
    assert!(
        gateway
            .wait_for_line("a connector file was left out")
            .contains("broken.toml:1")
    );
}

/// Security requirements 44 and 46, on this side of gRPC.
#[test]
fn no_log_line_at_trace_level_holds_a_query_a_header_or_a_body() {
    let (peers, ports) = (Peers::start(), ports());
    let mut gateway = spawn(
        &peers,
        &ports,
        &[("FERRULE_LOG", "trace"), ("FERRULE_LOG_FORMAT", "json")],
    );
    gateway.wait_until_ready(&format!("http://{}/readyz", ports.admin));
    let base = format!("http://{}", ports.listen);
    let (client, caller) = (HttpClient::new(), platform());
    let hostile = "c4n4ry%0d%0a%1b[2J%00";
    let mut ids = Vec::new();
    for path in [
        "/elements/api-v2/elements/intercom/oauth/url?apiKey=c4n4ry&apiSecret=c4n4ry&state=c4n4ry",
        "/elements/api-v2/instances?searchText=c4n4ry",
        "/elements/api-v2/instances/c4n4ry",
        "/elements/api-v2/c4n4ry",
        "/oauth/callback/intercom?code=c4n4ry&state=c4n4ry",
        &format!("/oauth/callback/{hostile}?code={hostile}&{hostile}={hostile}"),
        "/c4n4ry?c4n4ry",
    ] {
        let headers = [
            ("Authorization", caller.as_str()),
            ("Cookie", "ferrule-binding=c4n4ry"),
            ("X-Forwarded-For", "c4n4ry"),
            ("Idempotency-Key", "c4n4ry"),
        ];
        ids.push(
            client
                .get(&format!("{base}{path}"), &headers)
                .header("elements-request-id")
                .unwrap()
                .to_owned(),
        );
        client.get(&format!("{base}{path}"), &[("Authorization", "Bearer c4n4ry")]);
    }
    let body = r#"{"element":{"key":"intercom"},"name":"c4n4ry","providerData":{"code":"c4n4ry"},"configuration":{"oauth.api.secret":"c4n4ry"}}"#;
    for path in ["/instances", "/elements/intercom/oauth/url"] {
        let url = format!("{base}/elements/api-v2{path}");
        client.post(&url, &[("Authorization", &caller)], body);
        client.post(&url, &[("Authorization", &caller)], &body[..body.len() - 1]);
    }
    gateway.wait_for_line(ids.last().unwrap());
    gateway.terminate();
    gateway.wait();

    let log = gateway.stderr();
    for id in ids {
        assert!(log.contains(&id), "{id}");
    }
    for secret in ["c4n4ry", USER, ORGANIZATION, TOKEN] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}
