//! All three services in one process: they call each other through the same gRPC clients, without sockets.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use ferrule_catalog::{Catalog, LoadOptions};
use ferrule_gateway::Gateway;
use ferrule_instance_registry::{Bootstrap, RefreshSettings, Registry, StateSettings};
use ferrule_model::{Chance, Clock};
use ferrule_oauth_broker::handshake::Store;
use ferrule_oauth_broker::{Broker, key_ring};
use ferrule_seal::KeyRing;
use ferrule_service::Start;
use ferrule_service::health::{Build, Readiness, admin_router, serve_admin};
use ferrule_service::lifecycle::drain;
use ferrule_service::settings::{Layers, Source};
use ferrule_wire::{BrokerClient, RegistryClient, in_process};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::data_dir::{DataDir, database_file, handshake_folder, key_ring_file};
use crate::internal_clients::InternalClients;
use crate::{sandbox, welcome};

/// What a call between services has when it sets no deadline of its own.
const DEADLINE: Duration = Duration::from_secs(10);

/// Starts everything, says what to do next, and serves until `shutdown`.
pub(crate) async fn run(start: &Start) -> anyhow::Result<()> {
    let (layers, shutdown) = (&start.layers, start.shutdown.clone());
    tell_what_is_ignored(layers);
    let listen = layers.required("FERRULE_LISTEN", Layers::address)?;
    let admin_listen = layers.required("FERRULE_ADMIN_LISTEN", Layers::address)?;
    let mut broker_settings = ferrule_oauth_broker::Settings::from_layers(layers)?;
    let mut gateway_settings = ferrule_gateway::Settings::from_layers(layers)?;
    let with_sandbox = layers.required("FERRULE_SANDBOX", Layers::flag)?;
    let bootstrap = Bootstrap::from_layers(layers)?;
    let state = State::open(layers)?;

    let listener = ferrule_service::bind("FERRULE_LISTEN", listen).await?;
    let admin = ferrule_service::bind("FERRULE_ADMIN_LISTEN", admin_listen).await?;
    let internal_clients = InternalClients::listen(layers, &start.cores, gateway_settings.drain).await?;
    if layers.source("FERRULE_PUBLIC_URL") == Some(&Source::Default) {
        let url = format!("http://localhost:{}", listener.local_addr()?.port());
        broker_settings.public_url.clone_from(&url);
        gateway_settings.public_url = url;
    }

    let (clock, chance) = (Clock::system(), Chance::system());
    let private_networks = broker_settings.allow_private_networks;
    let sandbox = if with_sandbox && sandbox::is_possible(private_networks) {
        Some(sandbox::start(&state.data_dir, clock.clone(), chance.clone(), shutdown.clone()).await?)
    } else {
        None
    };
    let has_sandbox = sandbox.is_some();
    let catalog = Catalog::load(&LoadOptions {
        directory: layers.path("FERRULE_CONNECTORS_DIR")?,
        allow_private_networks: private_networks,
        extra: sandbox.into_iter().collect(),
    })
    .context("FERRULE_CONNECTORS_DIR")?;
    for problem in catalog.problems() {
        tracing::error!(event = "connector_left_out", %problem, "a connector file is wrong");
    }

    let store = match &state.redis_url {
        Some(url) => Store::redis(url).await.context("FERRULE_REDIS_URL")?,
        None => Store::embedded(&handshake_folder(state.data_dir.path()), clock.clone()).await?,
    };
    let ring = key_ring::follow(state.key_ring.clone(), state.key_ring_file.clone());
    let broker = Broker::new(
        broker_settings,
        catalog.clone(),
        store,
        ring,
        clock.clone(),
        Chance::of_thread(),
    );
    let to_broker = BrokerClient::here(broker.clone(), DEADLINE);

    let settings = StateSettings {
        database_url: state.database_url.clone(),
        key_ring: state.key_ring.clone(),
        key_ring_file: state.key_ring_file.clone(),
        bootstrap: bootstrap.clone(),
        refresh: RefreshSettings::from_layers(layers)?,
    };
    let registry = Registry::build(
        &settings,
        to_broker.clone(),
        catalog.clone(),
        clock.clone(),
        chance.clone(),
    )
    .await
    .context(database_setting(layers))?;
    let made = registry.bootstrap(&bootstrap, true).await?;
    let to_registry = RegistryClient::new(in_process(registry.service(), DEADLINE));

    welcome::say(&welcome::Facts {
        public_url: &gateway_settings.public_url,
        admin: admin.local_addr()?,
        data_dir: state.data_dir.path(),
        made: &made,
        has_sandbox,
    });
    let drain_time = gateway_settings.drain;
    let gateway = Gateway::new(
        gateway_settings,
        to_broker,
        to_registry,
        catalog,
        clock.clone(),
        Chance::of_thread(),
    );
    let health = tokio::spawn(serve_health(
        admin,
        &clock,
        readiness(&broker, &registry),
        shutdown.clone(),
    )?);
    let internal_clients = tokio::spawn(internal_clients.serve(registry.clone(), shutdown.clone()));
    ferrule_gateway::run(gateway, listener, &start.cores, shutdown).await;
    internal_clients.await??;
    drain(drain_time, async {
        registry.close().await;
        broker.finish().await;
    })
    .await;
    health.await??;
    Ok(())
}

/// Settings of the cluster that have no meaning here.
fn tell_what_is_ignored(layers: &Layers) {
    for name in ["FERRULE_BROKER_URL", "FERRULE_REGISTRY_URL"] {
        if layers.source(name).is_some() {
            tracing::warn!(name, "ignored: this program is broker and registry itself");
        }
    }
}

/// Where everything lies, and under which keys.
struct State {
    data_dir: DataDir,
    database_url: SecretString,
    redis_url: Option<SecretString>,
    key_ring: KeyRing,
    key_ring_file: Option<PathBuf>,
}

impl State {
    fn open(layers: &Layers) -> anyhow::Result<Self> {
        let path = layers.required("FERRULE_DATA_DIR", Layers::path)?;
        let data_dir = DataDir::open(&path)?;
        let (text, key_ring_file) = match layers.secret("FERRULE_MASTER_KEYS")? {
            Some(text) => (text, layers.secret_file("FERRULE_MASTER_KEYS").map(Into::into)),
            None => (data_dir.key_ring(&Chance::system())?, Some(key_ring_file(&path))),
        };
        let key_ring = KeyRing::parse(&text).context("FERRULE_MASTER_KEYS")?;
        Ok(Self {
            database_url: database_url(layers)?,
            redis_url: layers.secret("FERRULE_REDIS_URL")?,
            data_dir,
            key_ring,
            key_ring_file,
        })
    }
}

/// The database of `FERRULE_DATABASE_URL`, or the file in the data directory.
pub(crate) fn database_url(layers: &Layers) -> anyhow::Result<SecretString> {
    if let Some(url) = layers.secret("FERRULE_DATABASE_URL")? {
        return Ok(url);
    }
    let path = layers.required("FERRULE_DATA_DIR", Layers::path)?;
    let file = database_file(&path).display().to_string();
    // What a URL would read as something else than a part of the path.
    let file = file.replace('%', "%25").replace('?', "%3F").replace('#', "%23");
    Ok(format!("sqlite://{file}").into())
}

/// Which setting says where the database is.
fn database_setting(layers: &Layers) -> &'static str {
    match layers.source("FERRULE_DATABASE_URL") {
        Some(_) => "FERRULE_DATABASE_URL",
        None => "FERRULE_DATA_DIR",
    }
}

fn readiness(broker: &Broker, registry: &Registry) -> Readiness {
    let broker = broker.clone();
    registry.readiness().check("handshake store", move || {
        let broker = broker.clone();
        async move { broker.ready().await }
    })
}

fn serve_health(
    admin: TcpListener,
    clock: &Clock,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> anyhow::Result<impl Future<Output = std::io::Result<()>> + use<>> {
    let build = Build {
        service: "ferrule",
        version: ferrule_service::VERSION,
        started: clock.now().try_into()?,
    };
    Ok(serve_admin(admin, admin_router(readiness, build), shutdown))
}
