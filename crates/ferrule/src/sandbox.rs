//! The sandbox vendor, on a free loopback port of its own.

use ferrule_catalog::ConnectorSource;
use ferrule_model::{Chance, Clock};
use ferrule_sandbox_vendor::{Settings, connector_file, router, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;

/// Whether connectors may reach a vendor on this machine; the log has a word where they may not.
pub(crate) fn is_possible(allow_private_networks: bool) -> bool {
    if !allow_private_networks {
        tracing::info!("the sandbox vendor stays off: it needs FERRULE_ALLOW_PRIVATE_NETWORKS");
    }
    allow_private_networks
}

/// Starts the vendor and gives the connector file that names its address.
pub(crate) async fn start(
    data_dir: &DataDir,
    clock: Clock,
    chance: Chance,
    shutdown: CancellationToken,
) -> anyhow::Result<ConnectorSource> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let issuer = format!("http://{}", listener.local_addr()?);
    let settings = Settings::new(&issuer, data_dir.sandbox_key(&chance)?);
    let router = router(settings, clock, chance);
    tokio::spawn(async move {
        if let Err(error) = serve(listener, router, shutdown.cancelled_owned()).await {
            tracing::error!(%error, "the sandbox vendor stopped");
        }
    });
    Ok(ConnectorSource {
        name: "sandbox.toml".to_owned(),
        text: connector_file(&issuer),
    })
}
