//! `PATCH` and `PUT /instances[/{id}]`: rename, retag, reconfigure, or re-authenticate with a new code.
//!
//! Both methods change what the body names and leave the rest, as the contract's clients expect of `PUT` too.

use axum::Json;
use axum::extract::State;
use ferrule_model::InstanceId;
use ferrule_wire::v1::UpdateInstanceRequest;
use ferrule_wire::within;
use serde_json::Value;

use crate::body;
use crate::errors::ApiError;
use crate::instance_body::InstanceBody;
use crate::instance_json;
use crate::state::Gateway;
use crate::target::Target;

use super::EXCHANGE_DEADLINE;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    target: Target,
    body: body::Json<InstanceBody>,
) -> Result<Json<Value>, ApiError> {
    let mut body = body.value;
    let tags = body.tags()?;
    let request = UpdateInstanceRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
        name: body.name()?,
        replace_tags: tags.is_some(),
        tags: tags.unwrap_or_default(),
        configuration: body.configuration()?.into_iter().collect(),
        provider_data: Some(body.provider_data()?),
        external_authentication: body.external_authentication()?,
    };
    let instance = gateway
        .registry()
        .update_instance(within(EXCHANGE_DEADLINE, request))
        .await?
        .into_inner();
    gateway.credentials().changed(InstanceId(instance.id));
    Ok(Json(instance_json::instance(gateway.catalog(), &instance)))
}
