//! `GET /elements/{keyOrId}`: one connector, whole.

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::caller::CatalogueCaller;
use crate::element_json;
use crate::errors::ApiError;
use crate::path::Element;
use crate::state::Gateway;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    Element(element): Element,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(element_json::full(gateway.connector(&element)?)))
}
