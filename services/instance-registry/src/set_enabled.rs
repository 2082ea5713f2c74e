//! Disables or enables an instance. A disabled one keeps its tokens, serves no calls and is not refreshed.

use ferrule_wire::{Refusal, v1};

use crate::errors::instance_unknown;
use crate::get_instance::find;
use crate::identify::authenticate;
use crate::instance_reply::reply;
use crate::state::Registry;

pub(crate) async fn set_enabled(
    registry: Registry,
    request: v1::SetEnabledRequest,
) -> Result<v1::Instance, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    let row = find(&registry, &caller, request.id, &request.element).await?;
    caller.requires_organization("disable or enable an instance")?;
    let now = registry.clock.now();
    let disabled = !request.enabled;
    let store = &registry.store;
    if row.disabled != disabled {
        if !store
            .set_disabled(row.organization_id, row.id, disabled, now, caller.by())
            .await?
        {
            return Err(instance_unknown(row.id));
        }
        tracing::info!(
            event = if disabled { "instance_disabled" } else { "instance_enabled" },
            instance = %row.id,
            organization = %row.organization_id,
            user = %caller.user.id,
            "an instance was disabled or enabled"
        );
    }
    // What fell due meanwhile is refreshed now.
    registry.due_changed.notify_one();
    let changed = store.by_id(row.organization_id, row.id).await?;
    let changed = changed.ok_or_else(|| instance_unknown(row.id))?;
    reply(&registry, &caller, &changed).await
}
