//! `instance-registry migrate`: the schema brought up to date before the first registry starts.

use ferrule_service::settings::Layers;

use crate::store::{Store, StoreOptions};

/// Brings the schema of `FERRULE_DATABASE_URL` up to date and closes the database. Registries that start meanwhile wait
/// for it; one that is up to date already stays as it is.
pub async fn migrate(layers: &Layers) -> anyhow::Result<()> {
    let url = layers.required("FERRULE_DATABASE_URL", Layers::secret)?;
    let options = StoreOptions {
        connections: 1,
        ..StoreOptions::default()
    };
    Store::open(&url, &options).await?.close().await;
    tracing::info!(event = "migrated", "the database's schema is up to date");
    Ok(())
}
