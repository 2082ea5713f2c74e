//! The registry has the new pair: the sealed copy goes.

use ferrule_model::InstanceId;
use ferrule_wire::Refusal;
use ferrule_wire::v1::{ConfirmRefreshRequest, ConfirmRefreshResponse};

use crate::handshake::SpentPair;
use crate::refusals::from_record;
use crate::state::Broker;

/// May be repeated; what was never kept counts as erased.
pub(crate) async fn confirm_refresh(
    broker: &Broker,
    request: ConfirmRefreshRequest,
) -> Result<ConfirmRefreshResponse, Refusal> {
    let spent = SpentPair {
        instance: InstanceId(request.instance_id),
        version: request.version,
    };
    broker.under_way.forget(spent);
    broker.refreshes.erase(spent).await.map_err(from_record)?;
    Ok(ConfirmRefreshResponse {})
}
