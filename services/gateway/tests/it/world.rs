//! A gateway on a port of its own, with its doubles.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
use ferrule_cores::Cores;
use ferrule_gateway::settings::Limit;
use ferrule_gateway::{Gateway, Settings};
use ferrule_model::{Chance, Clock};
use ferrule_testkit::{Answer, HttpClient};
use ferrule_wire::v1::instance_registry_server::InstanceRegistryServer;
use ferrule_wire::v1::oauth_broker_server::OauthBrokerServer;
use ferrule_wire::{BrokerClient, RegistryClient, in_process};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::registry::{ORGANIZATION, OTHER_ORGANIZATION, OTHER_USER, Registry, TOKEN, USER};

/// How browsers reach it, says its setting.
pub(crate) const PUBLIC_URL: &str = "https://ferrule.example";

pub(crate) struct World {
    pub(crate) broker: Arc<Broker>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) address: SocketAddr,
    pub(crate) shutdown: CancellationToken,
    running: Option<JoinHandle<()>>,
    runtime: Runtime,
}

pub(crate) fn settings() -> Settings {
    Settings {
        return_urls: None,
        public_url: PUBLIC_URL.to_owned(),
        anonymous_catalogue: true,
        trusted_proxies: Vec::new(),
        drain: Duration::from_secs(30),
        allow_private_networks: true,
        vendor_roots: ferrule_outbound::Roots::mozilla(),
        organization_limit: Limit::default(),
        instance_limit: Limit::default(),
    }
}

pub(crate) fn gateway(settings: Settings, broker: &Arc<Broker>, registry: &Arc<Registry>) -> Gateway {
    gateway_with(settings, broker, registry, None)
}

/// With a connector beside the built-in ones.
pub(crate) fn gateway_with(
    settings: Settings,
    broker: &Arc<Broker>,
    registry: &Arc<Registry>,
    connector: Option<ConnectorSource>,
) -> Gateway {
    let options = LoadOptions {
        allow_private_networks: true,
        extra: connector.into_iter().collect(),
        ..LoadOptions::default()
    };
    let catalog = Catalog::load(&options).unwrap();
    assert_eq!(catalog.problems(), []);
    let deadline = Duration::from_secs(10);
    let broker = in_process(OauthBrokerServer::from_arc(Arc::clone(broker)), deadline);
    let registry = in_process(InstanceRegistryServer::from_arc(Arc::clone(registry)), deadline);
    Gateway::new(
        settings,
        BrokerClient::new(broker),
        RegistryClient::new(registry),
        catalog,
        Clock::system(),
        Chance::system(),
    )
}

impl World {
    pub(crate) fn start() -> Self {
        Self::with(settings())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        Self::build(settings, Arc::default(), None)
    }

    /// With a registry that may have other gateways, and a connector beside the built-in ones.
    pub(crate) fn build(
        settings: Settings,
        registry: Arc<Registry>,
        connector: Option<ConnectorSource>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let broker = Arc::<Broker>::default();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let gateway = gateway_with(settings, &broker, &registry, connector);
        let told = shutdown.clone();
        let running = runtime.spawn(async move {
            ferrule_gateway::run(gateway, listener, &Cores::here(), told).await;
        });
        Self {
            broker,
            registry,
            address,
            shutdown,
            running: Some(running),
            runtime,
        }
    }

    /// The address of a path outside the API.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The address of a path below the contract's base.
    pub(crate) fn api(&self, path: &str) -> String {
        self.url(&format!("/elements/api-v2{path}"))
    }

    /// `GET` below the contract's base, by a platform caller.
    pub(crate) fn get(&self, path: &str) -> Answer {
        HttpClient::new().get(&self.api(path), &[("Authorization", &platform())])
    }

    /// Any method below the contract's base.
    pub(crate) fn send(&self, method: &str, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        let mut headers = vec![("Content-Type", "application/json")];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        HttpClient::new()
            .request(method, &self.api(path), &headers, body.as_bytes())
            .unwrap()
    }

    /// Waits for the end of the gateway.
    pub(crate) fn wait(&mut self) {
        let running = self.running.take().unwrap();
        self.runtime.block_on(running).unwrap();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

/// What a platform call presents.
pub(crate) fn platform() -> String {
    format!("User {USER}, Organization {ORGANIZATION}")
}

/// What a call of one instance presents.
pub(crate) fn by_token() -> String {
    format!("User {USER}, Element {TOKEN}")
}

/// What another organization's platform call presents.
pub(crate) fn somebody_else() -> String {
    format!("User {OTHER_USER}, Organization {OTHER_ORGANIZATION}")
}

/// The request's id in header and body, which must be the same.
pub(crate) fn request_id(answer: &Answer) -> String {
    let id = answer
        .header("elements-request-id")
        .expect("every answer has an id")
        .to_owned();
    assert_eq!(id.len(), 24, "{id}");
    assert!(
        id.bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
        "{id}"
    );
    id
}

/// Checks that this is the contract's error with that status, and gives its words.
pub(crate) fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let body = answer.json();
    assert_eq!(body["requestId"], request_id(answer));
    let message = body["message"].as_str().expect("a message").to_owned();
    assert!(!message.is_empty());
    message
}
