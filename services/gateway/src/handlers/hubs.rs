//! `GET /hubs` and `/hubs/keys`: the families that connectors belong to (contract, "Hub proxy").

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::caller::CatalogueCaller;
use crate::element_json::stable_id;
use crate::errors::ApiError;
use crate::state::Gateway;

/// Every hub that a connector belongs to.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
) -> Result<Response, ApiError> {
    let hubs: Vec<Value> = gateway.catalog().hubs().into_iter().map(hub).collect();
    Ok(Json(hubs).into_response())
}

/// Every hub's key.
pub(crate) async fn keys(State(gateway): State<Gateway>, _: CatalogueCaller) -> Result<Response, ApiError> {
    Ok(Json(gateway.catalog().hubs()).into_response())
}

fn hub(key: &str) -> Value {
    let mut name = key.to_owned();
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    json!({
        "id": stable_id(&["hub", key]),
        "name": name,
        "key": key,
        "description": format!("Connectors of the {key} hub"),
        "active": true,
        "videoLink": null,
    })
}
