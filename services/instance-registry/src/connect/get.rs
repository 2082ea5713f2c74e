//! How a connect session stands, for the product that opened it.

use ferrule_wire::{Refusal, v1};

use super::{reply, unknown};
use crate::identify::authenticate;
use crate::state::Registry;

pub(crate) async fn get_connect_session(
    registry: Registry,
    request: v1::GetConnectSessionRequest,
) -> Result<v1::ConnectSession, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("see a connect session")?;
    let row = registry
        .store
        .connect_session(caller.organization, &request.id)
        .await?;
    row.map(|row| reply(row, registry.clock.now()))
        .ok_or_else(unknown)
}
