//! The one origin that may embed an organization's connect links and is told how they end.

use ferrule_wire::{Refusal, v1};

use crate::errors::invalid;
use crate::identify::{Caller, authenticate};
use crate::state::Registry;

pub(crate) async fn put_connect_origin(
    registry: Registry,
    request: v1::PutConnectOriginRequest,
) -> Result<v1::ConnectOrigin, Refusal> {
    let caller = asked(&registry, request.credentials.as_ref()).await?;
    if request.origin.is_empty() {
        return Err(invalid("`origin` is missing."));
    }
    registry
        .store
        .put_connect_origin(caller.organization, &request.origin, registry.clock.now())
        .await?;
    told(&caller);
    Ok(v1::ConnectOrigin {
        origin: request.origin,
    })
}

pub(crate) async fn get_connect_origin(
    registry: Registry,
    request: v1::GetConnectOriginRequest,
) -> Result<v1::ConnectOrigin, Refusal> {
    let caller = asked(&registry, request.credentials.as_ref()).await?;
    let origin = registry.store.connect_origin(caller.organization).await?;
    Ok(v1::ConnectOrigin {
        origin: origin.unwrap_or_default(),
    })
}

pub(crate) async fn delete_connect_origin(
    registry: Registry,
    request: v1::DeleteConnectOriginRequest,
) -> Result<v1::DeleteConnectOriginResponse, Refusal> {
    let caller = asked(&registry, request.credentials.as_ref()).await?;
    registry.store.delete_connect_origin(caller.organization).await?;
    told(&caller);
    Ok(v1::DeleteConnectOriginResponse {})
}

async fn asked(registry: &Registry, credentials: Option<&v1::Credentials>) -> Result<Caller, Refusal> {
    let caller = authenticate(registry, credentials).await?;
    caller.requires_organization("see or change who embeds connect links")?;
    Ok(caller)
}

fn told(caller: &Caller) {
    tracing::info!(event = "connect_origin_changed", organization = %caller.organization, user = %caller.user.id, "who embeds connect links was changed");
}
