//! The broker as a process of its own.

use anyhow::Context as _;
use ferrule_catalog::{Catalog, LoadOptions};
use ferrule_model::{Chance, Clock};
use ferrule_seal::KeyRing;
use ferrule_service::Start;
use ferrule_service::health::{Build, Readiness, admin_router, serve_admin};
use ferrule_wire::{Doors, Roles, Server, ServerOptions, Tls};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::handshake::Store;
use crate::key_ring;
use crate::settings::{ProcessSettings, Settings};
use crate::state::Broker;

/// Serves gRPC, health and metrics until `shutdown`, then finishes what is in flight.
pub async fn run(start: Start) -> anyhow::Result<()> {
    let (layers, shutdown) = (start.layers, start.shutdown);
    let settings = Settings::from_layers(&layers)?;
    let process = ProcessSettings::from_layers(&layers)?;
    let tls = layers
        .grpc_tls_files()?
        .map(|files| Tls::from_files(&files.certificate, &files.key, &files.authority))
        .transpose()?;
    tls.iter().for_each(Tls::follow);
    let catalog = Catalog::load(&LoadOptions {
        directory: process.connectors_dir.clone(),
        allow_private_networks: settings.allow_private_networks,
        extra: Vec::new(),
    })
    .context("FERRULE_CONNECTORS_DIR")?;
    for problem in catalog.problems() {
        tracing::error!(%problem, "a connector file is left out");
    }
    let ring = KeyRing::parse(&process.master_keys).context("FERRULE_MASTER_KEYS")?;
    let ring = key_ring::follow(ring, layers.secret_file("FERRULE_MASTER_KEYS").map(Into::into));
    let store = Store::redis(&process.redis_url)
        .await
        .context("FERRULE_REDIS_URL")?;
    let clock = Clock::system();
    let broker = Broker::new(settings, catalog, store, ring, clock.clone(), Chance::of_thread());

    let listener = ferrule_service::bind("FERRULE_GRPC_LISTEN", process.grpc_listen).await?;
    let admin = ferrule_service::bind("FERRULE_ADMIN_LISTEN", process.admin_listen).await?;
    ferrule_service::announce(&[
        ("FERRULE_GRPC_LISTEN", &listener),
        ("FERRULE_ADMIN_LISTEN", &admin),
    ]);
    let asked = broker.clone();
    let readiness = Readiness::new().check("handshake store", move || {
        let broker = asked.clone();
        async move { broker.ready().await }
    });
    let build = Build {
        service: "oauth-broker",
        version: ferrule_service::VERSION,
        started: clock.now().try_into()?,
    };
    let health = tokio::spawn(serve_admin(
        admin,
        admin_router(readiness, build),
        shutdown.clone(),
    ));
    let options = ServerOptions {
        doors: Doors::new(tls.as_ref(), process.peers, Roles::ALL),
        cores: start.cores,
        reflection: process.reflection,
        drain: process.drain,
    };
    serve(&broker, listener, options, shutdown).await?;
    health.await??;
    Ok(())
}

async fn serve(
    broker: &Broker,
    listener: TcpListener,
    options: ServerOptions,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    let asked = broker.clone();
    let ready = move || {
        let broker = asked.clone();
        async move { broker.ready().await.is_ok() }
    };
    let drain = options.drain;
    let out_of_time = {
        let shutdown = shutdown.clone();
        async move {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        }
    };
    let served = async {
        let server = Server::new(broker.service(), options);
        server.serve(listener, ready, shutdown).await?;
        broker.finish().await;
        Ok(())
    };
    tokio::select! {
        ended = served => ended,
        () = out_of_time => Ok(()),
    }
}
