//! The login that a link began becomes the session's instance, once.

use std::sync::Arc;

use ferrule_catalog::Connector;
use ferrule_wire::{Reason, Refusal, v1};

use super::create::logs_in;
use super::{check_offered, check_usable, find, reply, unknown};
use crate::configuration::Configuration;
use crate::create_instance::create_of_connect;
use crate::errors::{connect_spent, invalid};
use crate::identify::Caller;
use crate::login::Login;
use crate::state::Registry;
use crate::store::{ConnectRow, ConnectSetback};

/// The same login again is told the same.
pub(crate) async fn finish_connect(
    registry: Registry,
    request: v1::FinishConnectRequest,
) -> Result<v1::ConnectSession, Refusal> {
    let row = find(&registry, &request.link).await?;
    check_offered(&row, &request.element)?;
    let connector = Arc::clone(registry.connector(&request.element)?);
    if logs_in(&connector) && request.handshake.is_empty() {
        return Err(invalid("The login of this link is missing."));
    }
    let configuration = if logs_in(&connector) {
        // A handshake knows all of it.
        Configuration::default()
    } else {
        Configuration::given(&connector, request.configuration)
    };
    let login = v1::ProviderData {
        handshake: request.handshake,
        ..v1::ProviderData::default()
    };
    if made_by(&registry, &row, &connector, &configuration, &login).await? {
        return Ok(reply(row, registry.clock.now()));
    }
    check_usable(&row, registry.clock.now())?;
    let user = registry.store.user(row.user_id).await?;
    let user = user.ok_or_else(|| Refusal::internal(format!("user {} has no row", row.user_id)))?;
    let caller = Caller::of_connect(user);
    match create_of_connect(&registry, caller, connector, &row, configuration, login).await {
        Ok(instance) => {
            let (organization, id) = (row.organization_id, row.id);
            let row = registry.store.connect_session(organization, &id).await?;
            let row = row.ok_or_else(unknown)?;
            if row.instance_id != Some(instance.id) {
                return Err(connect_spent());
            }
            tracing::info!(event = "connected", %organization, session = %row.id, instance = %instance.id, "a connect session made its instance");
            Ok(reply(row, registry.clock.now()))
        }
        Err(refusal) => {
            if let Some(setback) = setback(refusal.reason) {
                registry.store.set_connect_setback(&row.id, Some(setback)).await?;
            }
            Err(refusal)
        }
    }
}

/// Whether this login made the session's instance before.
async fn made_by(
    registry: &Registry,
    row: &ConnectRow,
    connector: &Connector,
    configuration: &Configuration,
    login: &v1::ProviderData,
) -> Result<bool, Refusal> {
    let Some(made) = row.instance_id else {
        return Ok(false);
    };
    let mut configuration = configuration.clone();
    let login = Login::first(connector, false, &mut configuration, login.clone())?;
    let Some(code) = login.spends(row.organization_id, connector, &configuration)? else {
        return Ok(false);
    };
    let spent = registry.store.instance_of_code(code).await?;
    Ok(spent.is_some_and(|spent| spent.instance_id == made))
}

/// What the product is told of a login that made nothing; `None`: nothing, since it may be repeated as it is.
fn setback(reason: Reason) -> Option<ConnectSetback> {
    match reason {
        Reason::UserDenied => Some(ConnectSetback::Denied),
        Reason::VendorRejected | Reason::ExchangeUnknown | Reason::CodeSpent => Some(ConnectSetback::Failed),
        _ => None,
    }
}
