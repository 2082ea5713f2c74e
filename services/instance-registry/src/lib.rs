//! Who may do what; instances and their sealed tokens.
//!
//! [`Registry`] is what was built: a database ([`store`]), a key ring, the broker behind its client. Its calls
//! stand in `rpc`, a verb a file. Secrets are sealed before they reach the store and opened behind it; the store
//! itself cannot read them. [`run`] serves it all over a socket; the all-in-one binary takes
//! [`Registry::service`] instead.

mod app;
mod asker;
mod bootstrap;
mod configuration;
mod connect;
mod create_instance;
mod credential;
mod data_keys;
mod delete_instance;
mod erase_instance;
mod errors;
mod exchange;
mod find_app;
mod flights;
mod get_instance;
mod identify;
mod inspect;
mod instance_reply;
mod instance_seal;
mod internal_client;
mod keep_pair;
mod labels;
mod list_instances;
mod login;
mod master_keys;
mod meters;
mod migrate;
mod pace;
mod re_address;
mod read_audit;
mod refresh;
mod refresh_journal;
mod refresher;
mod renewal;
mod resolve;
mod rotate_keys;
mod rpc;
mod schedule;
mod second_look;
mod sessions;
mod set_enabled;
mod settings;
mod state;
pub mod store;
mod stored_app;
mod tokens_shown;
mod under_way;
mod update_instance;
mod verdict;

use std::time::{Duration, UNIX_EPOCH};

use ferrule_catalog::{Catalog, LoadOptions};
use ferrule_cores::Cores;
use ferrule_model::{Chance, Clock};
use ferrule_service::health::{Build, admin_router, serve_admin};
use ferrule_service::lifecycle::run_until;
use ferrule_wire::{BrokerClient, Doors, Roles, Server, ServerOptions, Tls, connect};
use futures::TryFutureExt as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use bootstrap::{BootstrapError, MadeSecrets};
pub use inspect::{Inspection, Keys, inspect};
pub use migrate::migrate;
pub use rotate_keys::{RotateError, Rotation, rotate_keys};
pub use rpc::Rpc;
pub use settings::{Bootstrap, RefreshSettings, Settings, StateSettings, peers};
pub use state::Registry;

/// What a call to the broker has when it sets no deadline of its own.
const BROKER_DEADLINE: Duration = Duration::from_secs(10);

/// What work that its callers have left may take, beyond the drain time.
const CLOSING: Duration = Duration::from_secs(4);

/// Serves the registry on `listener`, its connections on `cores`, until `shutdown`, then finishes what is under way.
pub async fn run(
    settings: Settings,
    listener: TcpListener,
    cores: Cores,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let tls = settings
        .tls
        .as_ref()
        .map(|files| Tls::from_files(&files.certificate, &files.key, &files.authority))
        .transpose()?;
    tls.iter().for_each(Tls::follow);
    let catalog = Catalog::load(&LoadOptions {
        directory: settings.connectors_dir.clone(),
        allow_private_networks: settings.allow_private_networks,
        ..LoadOptions::default()
    })?;
    for problem in catalog.problems() {
        tracing::error!(event = "connector_left_out", %problem, "a connector file is wrong");
    }
    let clock = Clock::system();
    let started = clock.now();
    let broker = BrokerClient::new(connect(&settings.broker_url, tls.as_ref(), BROKER_DEADLINE)?);
    let registry = Registry::build(&settings.state, broker, catalog, clock, Chance::system()).await?;
    registry.bootstrap(&settings.state.bootstrap, false).await?;

    let admin = ferrule_service::bind("FERRULE_ADMIN_LISTEN", settings.admin_listen).await?;
    ferrule_service::announce(&[
        ("FERRULE_GRPC_LISTEN", &listener),
        ("FERRULE_ADMIN_LISTEN", &admin),
    ]);
    let build = Build {
        service: "instance-registry",
        version: ferrule_service::VERSION,
        started: UNIX_EPOCH + Duration::try_from(started.as_duration()).unwrap_or_default(),
    };
    let admin = serve_admin(admin, admin_router(registry.readiness(), build), shutdown.clone());
    let readiness = registry.clone();
    let ready = move || {
        let registry = readiness.clone();
        async move { registry.ready().await }
    };
    let options = ServerOptions {
        doors: Doors::new(tls.as_ref(), settings.peers, Roles::ALL),
        cores,
        reflection: settings.reflection,
        drain: settings.drain,
    };
    let server = Server::new(registry.service(), options);
    let serving = server.serve(listener, ready, shutdown.clone());
    let work = async {
        let (serving, admin) = (serving.map_err(Into::into), admin.map_err(Into::into));
        let ended: anyhow::Result<_> = tokio::try_join!(serving, admin);
        registry.close().await;
        ended.map(drop)
    };
    let finished = run_until(&shutdown, settings.drain + CLOSING, work).await;
    finished.unwrap_or_else(|| {
        tracing::warn!(
            event = "cut_off",
            "work was still under way when the process ended"
        );
        Ok(())
    })
}
