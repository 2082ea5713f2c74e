//! The gateway as a process of its own: broker and registry over sockets, health and metrics beside it.

use std::time::Duration;

use anyhow::Context as _;
use ferrule_catalog::{Catalog, LoadOptions};
use ferrule_model::{Chance, Clock};
use ferrule_service::Start;
use ferrule_service::health::{Build, Readiness, admin_router, serve_admin};
use ferrule_wire::{BrokerClient, RegistryClient, Tls, Transport};
use tokio_util::sync::CancellationToken;

use crate::{Gateway, ProcessSettings, Settings};

/// How long a call may take that sets no deadline of its own.
const CALL_DEADLINE: Duration = Duration::from_secs(10);

/// Runs until `shutdown`, then finishes what is in flight. An error says why it cannot start.
pub async fn run(start: Start) -> anyhow::Result<()> {
    let layers = start.layers;
    let settings = Settings::from_layers(&layers)?;
    let clock = Clock::system();
    let process = ProcessSettings::from_layers(&layers)?;
    let catalog = catalog(&process, settings.allow_private_networks)?;
    let (broker, registry) = peers(&process)?;

    let listener = ferrule_service::bind("FERRULE_LISTEN", process.listen).await?;
    let admin = ferrule_service::bind("FERRULE_ADMIN_LISTEN", process.admin_listen).await?;
    let build = Build {
        service: "gateway",
        version: ferrule_service::VERSION,
        started: clock.now().try_into()?,
    };
    let admin_router = admin_router(readiness(&broker, &registry), build);
    let gateway = Gateway::new(
        settings,
        BrokerClient::new(broker),
        RegistryClient::new(registry),
        catalog,
        clock,
        Chance::of_thread(),
    );

    ferrule_service::announce(&[("FERRULE_LISTEN", &listener), ("FERRULE_ADMIN_LISTEN", &admin)]);
    // Health answers as long as anything is in flight: whoever watches sees that it drains.
    let drained = CancellationToken::new();
    let admin = tokio::spawn(serve_admin(admin, admin_router, drained.clone()));
    crate::run(gateway, listener, &start.cores, start.shutdown).await;
    drained.cancel();
    admin.await?.context("the admin server stopped")
}

/// Every connector; a wrong file is left out with a line in the log.
fn catalog(process: &ProcessSettings, allow_private_networks: bool) -> anyhow::Result<Catalog> {
    let catalog = Catalog::load(&LoadOptions {
        directory: process.connectors_dir.clone(),
        allow_private_networks,
        extra: Vec::new(),
    })
    .context("FERRULE_CONNECTORS_DIR")?;
    for problem in catalog.problems() {
        tracing::error!(%problem, "a connector file was left out");
    }
    Ok(catalog)
}

/// Broker and registry, looked for from now on.
fn peers(process: &ProcessSettings) -> anyhow::Result<(Transport, Transport)> {
    let files = process.grpc_tls.as_ref();
    let tls = files
        .map(|files| Tls::from_files(&files.certificate, &files.key, &files.authority))
        .transpose()
        .context("FERRULE_GRPC_TLS_CERT, _KEY, _CA")?;
    tls.iter().for_each(Tls::follow);
    let connect = |url| ferrule_wire::connect(url, tls.as_ref(), CALL_DEADLINE);
    Ok((
        connect(&process.broker_url).context("FERRULE_BROKER_URL")?,
        connect(&process.registry_url).context("FERRULE_REGISTRY_URL")?,
    ))
}

/// Ready when both say they are: then `POST /instances` works.
fn readiness(broker: &Transport, registry: &Transport) -> Readiness {
    let (broker, registry) = (broker.clone(), registry.clone());
    Readiness::new()
        .check("oauth-broker", move || ferrule_wire::is_serving(broker.clone()))
        .check("instance-registry", move || {
            ferrule_wire::is_serving(registry.clone())
        })
}
