//! `GET /elements/{keyOrId}`: one connector, whole.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use serde_json::Value;

use crate::element_json;
use crate::errors::ApiError;
use crate::handlers::list_elements::catalogue_caller;
use crate::state::Gateway;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(element): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    catalogue_caller(&gateway, peer, &headers).await?;
    Ok(Json(element_json::full(gateway.connector(&element)?)))
}
