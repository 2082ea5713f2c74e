//! `PUT` and `DELETE /instances/{id}/enabled`, and the id-less forms: a disabled instance keeps its tokens and serves
//! no calls.

use axum::Json;
use axum::extract::State;
use ferrule_model::InstanceId;
use ferrule_wire::v1::SetEnabledRequest;
use serde_json::Value;

use crate::errors::ApiError;
use crate::instance_json;
use crate::state::Gateway;
use crate::target::Target;

pub(crate) async fn enable(State(gateway): State<Gateway>, target: Target) -> Result<Json<Value>, ApiError> {
    set(&gateway, target, true).await
}

pub(crate) async fn disable(State(gateway): State<Gateway>, target: Target) -> Result<Json<Value>, ApiError> {
    set(&gateway, target, false).await
}

async fn set(gateway: &Gateway, target: Target, enabled: bool) -> Result<Json<Value>, ApiError> {
    let request = SetEnabledRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
        enabled,
    };
    let instance = gateway.registry().set_enabled(request).await?.into_inner();
    gateway.credentials().changed(InstanceId(instance.id));
    Ok(Json(instance_json::instance(gateway.catalog(), &instance)))
}
