//! The pages a browser sees: one stylesheet, no script, everything a vendor or user said shown as text.

pub(crate) mod outcome;
mod problem;

use askama::Template;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

pub(crate) use problem::Problem;

use crate::errors::ApiError;
use crate::routes::API;
use crate::state::Gateway;

/// Renders a template; one that cannot be rendered is a fault of ours.
pub(crate) fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    api: String,
}

/// `GET /`: what this is and where to begin.
pub(crate) async fn index(State(gateway): State<Gateway>) -> Response {
    html(
        StatusCode::OK,
        &Index {
            api: format!("{}{API}", gateway.settings().public_url),
        },
    )
}

/// `GET /assets/ferrule.css`
pub(crate) async fn stylesheet() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, include_str!("../../templates/ferrule.css"))
}

/// Every other path outside the API: a page for browsers, the contract's JSON for clients whose base URL is off.
pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
    if accepts.is_some_and(|types| types.windows(9).any(|part| part == b"text/html")) {
        let message = "The address may be mistyped, or the page is gone.";
        return Problem::new(StatusCode::NOT_FOUND, "There is nothing here", message).into_response();
    }
    let message = format!("There is nothing at this path. The base URL ends in {API}.");
    ApiError::new(StatusCode::NOT_FOUND, message).into_response()
}
