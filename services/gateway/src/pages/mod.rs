//! The pages a browser sees: one stylesheet, one script that none of them needs, everything a vendor or user said
//! shown as text.

pub(crate) mod assets;
pub(crate) mod card;
pub(crate) mod catalogue;
pub(crate) mod change_instance;
pub(crate) mod connect;
pub(crate) mod connector;
mod connector_form;
pub(crate) mod console;
mod console_answer;
mod console_call;
mod cookies;
mod draft;
mod event;
pub(crate) mod finish;
mod form;
pub(crate) mod instance;
mod instance_row;
pub(crate) mod instances;
mod leaving;
mod moment;
mod notice;
mod operation;
pub(crate) mod outcome;
mod problem;
pub(crate) mod reference;
pub(crate) mod same_site;
mod shell;
pub(crate) mod sign_in;
mod signed_in;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

pub(crate) use cookies::OurCookie;
pub(crate) use problem::Problem;

use crate::errors::ApiError;
use crate::routes::API;

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

/// `GET /`: the catalogue is where everything begins.
pub(crate) async fn index() -> Redirect {
    Redirect::to("/connectors")
}

/// Every other path outside the API: a page for browsers, the contract's JSON for clients whose base URL is off.
pub(crate) async fn not_found(headers: HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).map(HeaderValue::as_bytes);
    if accepts.is_some_and(|types| types.windows(9).any(|part| part == b"text/html")) {
        let message = "The address may be mistyped, or the page is gone.";
        let problem = Problem::new(StatusCode::NOT_FOUND, "There is nothing here", message);
        return problem.with_way_on("/", "To the first page").into_response();
    }
    let message = format!("There is nothing at this path. The base URL ends in {API}.");
    ApiError::new(StatusCode::NOT_FOUND, message).into_response()
}
