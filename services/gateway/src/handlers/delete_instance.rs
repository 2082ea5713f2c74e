//! `DELETE /instances/{id}`: the token is dead when this answers; the vendor is asked to revoke.

use axum::extract::State;
use axum::http::StatusCode;
use ferrule_model::InstanceId;
use ferrule_wire::v1::DeleteInstanceRequest;

use crate::errors::ApiError;
use crate::state::Gateway;
use crate::target::Target;

pub(crate) async fn handler(State(gateway): State<Gateway>, target: Target) -> Result<StatusCode, ApiError> {
    let id = target
        .id
        .ok_or_else(|| ApiError::bad_request("Name the instance by its id in the path."))?;
    let request = DeleteInstanceRequest {
        credentials: Some(target.credentials),
        id,
        element: target.element,
    };
    let deleted = gateway.registry().delete_instance(request).await;
    // Whatever the answer: one that was lost on the way may have been a yes.
    gateway.credentials().changed(InstanceId(id));
    deleted?;
    Ok(StatusCode::OK)
}
