//! The vendor app that an instance belongs to, as the flag of one that is misconfigured names it.

use std::time::Duration;

use ferrule_model::{ConnectorKey, Digest, OrganizationId};

use crate::configuration::{API_KEY, API_SECRET, Configuration};
use crate::state::Registry;
use crate::store::App;

/// How often an app that the vendor refuses is tried.
pub(crate) const PROBE_INTERVAL: Duration = Duration::from_hours(1);

/// The app of this configuration. Another client secret makes it another app, so that a corrected one is tried at once.
pub(crate) fn app_of(
    organization: OrganizationId,
    connector: &ConnectorKey,
    configuration: &Configuration,
) -> App {
    let client = Digest::builder("vendor app")
        .field(organization.0.to_be_bytes())
        .field(connector.as_str())
        .field(configuration.get(API_KEY).unwrap_or_default())
        .field(configuration.get(API_SECRET).unwrap_or_default())
        .finish();
    App {
        client,
        organization_id: organization,
        element_key: connector.clone(),
    }
}

/// The vendor has given tokens to this app: whatever paused because of it goes on.
pub(crate) async fn app_works(registry: &Registry, app: &App) {
    match registry.store.lift_app(app.client).await {
        Ok(0) => {}
        Ok(instances) => {
            tracing::info!(event = "app_works", organization = %app.organization_id, element = %app.element_key, instances, "the vendor takes the app again");
            registry.due_changed.notify_one();
        }
        Err(error) => {
            tracing::warn!(event = "database_away", cause = %error, "a vendor app stays paused until its next probe");
        }
    }
}
