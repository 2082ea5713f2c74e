//! `GET /instances/{id}`, and `GET /instances` by Element token.

use axum::Json;
use axum::extract::State;
use ferrule_wire::v1::GetInstanceRequest;
use serde_json::Value;

use crate::errors::ApiError;
use crate::instance_json;
use crate::state::Gateway;
use crate::target::Target;

pub(crate) async fn handler(State(gateway): State<Gateway>, target: Target) -> Result<Json<Value>, ApiError> {
    let request = GetInstanceRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
        show_token: false,
    };
    let instance = gateway.registry().get_instance(request).await?.into_inner();
    Ok(Json(instance_json::instance(gateway.catalog(), &instance)))
}
