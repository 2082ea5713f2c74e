//! `GET /elements/{keyOrId}`: one connector, whole.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::caller::CatalogueCaller;
use crate::element_json;
use crate::errors::ApiError;
use crate::etag;
use crate::path::Element;
use crate::state::Gateway;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    Element(element): Element,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    etag::json(&headers, &element_json::full(gateway.connector(&element)?))
}
