//! An instance is gone at once; its tokens are revoked and erased behind the answer.

use ferrule_wire::{Refusal, v1};

use crate::erase_instance::erase_in_background;
use crate::errors::instance_unknown;
use crate::get_instance::find;
use crate::identify::authenticate;
use crate::state::Registry;

pub(crate) async fn delete_instance(
    registry: Registry,
    request: v1::DeleteInstanceRequest,
) -> Result<v1::DeleteInstanceResponse, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    let row = find(&registry, &caller, Some(request.id), &request.element).await?;
    caller.requires_organization("delete an instance")?;
    let now = registry.clock.now();
    if !registry
        .store
        .mark_deleted(row.organization_id, row.id, now, caller.by())
        .await?
    {
        return Err(instance_unknown(row.id));
    }
    tracing::info!(
        event = "instance_deleted",
        instance = %row.id,
        organization = %row.organization_id,
        user = %caller.user.id,
        "an instance was deleted"
    );
    erase_in_background(&registry, row.organization_id, row.id);
    Ok(v1::DeleteInstanceResponse {})
}
