//! `GET /ping`: whether an instance still works, by the cheap call that its connector declares.

use axum::Json;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use ferrule_catalog::Method;
use ferrule_outbound::Answer;
use jiff::Timestamp;
use serde_json::json;

use crate::errors::ApiError;
use crate::instance_json::date;

pub(crate) const PATH: &str = "/ping";

/// The vendor's method.
pub(crate) fn method(method: Method) -> axum::http::Method {
    use axum::http::Method as Http;
    match method {
        Method::Get => Http::GET,
        Method::Head => Http::HEAD,
        Method::Post => Http::POST,
        Method::Put => Http::PUT,
        Method::Patch => Http::PATCH,
        Method::Delete => Http::DELETE,
    }
}

/// The contract's answer when the vendor's is a success; otherwise the vendor's status, as an error.
pub(crate) fn answer(
    vendors: &Response<Answer>,
    connector: &str,
    now: Timestamp,
) -> Result<axum::response::Response, ApiError> {
    let status = vendors.status();
    if status.is_success() {
        return Ok(Json(json!({ "dateTime": date(now), "endpoint": connector })).into_response());
    }
    let shown = if status.as_u16() >= 400 {
        status
    } else {
        StatusCode::BAD_GATEWAY
    };
    let words = format!("The vendor answered the ping with {}.", status.as_u16());
    Err(ApiError::new(shown, words))
}
