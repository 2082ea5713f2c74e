//! One instance, by its id or by its Element token.

use ferrule_model::InstanceId;
use ferrule_wire::{Refusal, v1};

use crate::errors::{instance_unknown, invalid};
use crate::identify::{Caller, authenticate};
use crate::instance_reply::reply;
use crate::state::Registry;
use crate::store::InstanceRow;

pub(crate) async fn get_instance(
    registry: Registry,
    request: v1::GetInstanceRequest,
) -> Result<v1::Instance, Refusal> {
    let mut caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.sees_tokens |= request.show_token;
    let row = find(&registry, &caller, request.id, &request.element).await?;
    reply(&registry, &caller, &row).await
}

/// The instance that a caller names. One out of reach looks like a missing one.
pub(crate) async fn find(
    registry: &Registry,
    caller: &Caller,
    id: Option<i64>,
    element: &str,
) -> Result<InstanceRow, Refusal> {
    let connector = registry.optional_connector(element)?;
    let (id, row) = match (id.map(InstanceId), &caller.element) {
        (None, None) => {
            return Err(invalid(
                "Name an instance: by its id, or by an Element token in Authorization.",
            ));
        }
        (None, Some(own)) => (own.id, Some(own.clone())),
        (Some(id), own) if caller.is_bound_to_its_instance() => (id, own.clone().filter(|own| own.id == id)),
        (Some(id), _) => (id, registry.store.by_id(caller.organization, id).await?),
    };
    row.filter(|row| connector.is_none_or(|connector| connector.key == row.element_key))
        .ok_or_else(|| instance_unknown(id))
}
