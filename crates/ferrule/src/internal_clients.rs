//! Where internal services call the registry by gRPC: nowhere, unless `FERRULE_GRPC_LISTEN` says so.

use std::time::Duration;

use anyhow::{Context as _, bail};
use ferrule_cores::Cores;
use ferrule_instance_registry::{Registry, peers};
use ferrule_service::settings::Layers;
use ferrule_wire::{Doors, Role, Roles, Server, ServerOptions, Tls};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const LISTEN: &str = "FERRULE_GRPC_LISTEN";

/// A socket for internal clients, where there is one, and whom it lets in.
pub(crate) struct InternalClients(Option<(TcpListener, ServerOptions)>);

impl InternalClients {
    /// Listens where the setting says. Without certificates that is this machine alone, and whoever calls is an
    /// internal client: nobody else has business here.
    pub(crate) async fn listen(layers: &Layers, cores: &Cores, drain: Duration) -> anyhow::Result<Self> {
        let Some(address) = layers.address(LISTEN)? else {
            return Ok(Self(None));
        };
        let tls = layers
            .grpc_tls_files()?
            .map(|files| Tls::from_files(&files.certificate, &files.key, &files.authority))
            .transpose()
            .context("FERRULE_GRPC_TLS_CERT, _KEY, _CA")?;
        if tls.is_none() && !address.ip().is_loopback() {
            bail!(
                "{LISTEN}: {address} can be reached from elsewhere: set FERRULE_GRPC_TLS_CERT, _KEY and _CA, or listen on 127.0.0.1"
            );
        }
        tls.iter().for_each(Tls::follow);
        let options = ServerOptions {
            doors: Doors::new(tls.as_ref(), peers(layers)?, Roles::of([Role::Client])),
            cores: cores.clone(),
            reflection: layers.required("FERRULE_GRPC_REFLECTION", Layers::flag)?,
            drain,
        };
        let listener = ferrule_service::bind(LISTEN, address).await?;
        ferrule_service::announce(&[(LISTEN, &listener)]);
        Ok(Self(Some((listener, options))))
    }

    /// Serves the registry until `shutdown`, then finishes what is in flight.
    pub(crate) async fn serve(self, registry: Registry, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Some((listener, options)) = self.0 else {
            return Ok(());
        };
        let server = Server::new(registry.service(), options);
        let ready = move || {
            let registry = registry.clone();
            async move { registry.ready().await }
        };
        Ok(server.serve(listener, ready, shutdown).await?)
    }
}
