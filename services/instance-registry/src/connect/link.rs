//! What a connect link is for, and the app that its login begins with.

use ferrule_wire::{Refusal, v1};

use super::create::{lacks_app, logs_in};
use super::{check_offered, check_usable, find, reply};
use crate::errors::invalid;
use crate::state::Registry;
use crate::stored_app;

/// Without `element` nothing is changed and nothing refused: a link that is over says so.
pub(crate) async fn open_connect_link(
    registry: Registry,
    request: v1::OpenConnectLinkRequest,
) -> Result<v1::ConnectLink, Refusal> {
    let mut row = find(&registry, &request.link).await?;
    let (organization, now) = (row.organization_id, registry.clock.now());
    let app = if request.element.is_empty() {
        None
    } else {
        check_usable(&row, now)?;
        check_offered(&row, &request.element)?;
        let connector = registry.connector(&request.element)?;
        let app = stored_app::opened(&registry, organization, connector).await?;
        if logs_in(connector) && app.is_none() {
            return Err(invalid(lacks_app(connector)));
        }
        registry.store.set_connect_setback(&row.id, None).await?;
        row.setback = None;
        app
    };
    let owner = registry.store.organization(organization).await?;
    Ok(v1::ConnectLink {
        organization_id: organization.0,
        organization_name: owner.map(|owner| owner.name).unwrap_or_default(),
        origin: registry
            .store
            .connect_origin(organization)
            .await?
            .unwrap_or_default(),
        session: Some(reply(row, now)),
        app,
    })
}
