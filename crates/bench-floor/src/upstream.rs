//! A vendor's API: 1 KiB of JSON for whoever brings a credential. A proxy that forgets to bring one is found out.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;

const LENGTH: usize = 1024;

pub(crate) fn routes() -> Router {
    let mut body = String::from("{\"data\":\"");
    body.extend(std::iter::repeat_n('x', LENGTH - body.len() - 2));
    body.push_str("\"}");
    let body: &'static str = body.leak();
    let answer = async move |headers: HeaderMap| -> Response {
        let json = [(CONTENT_TYPE, "application/json")];
        if headers.contains_key(AUTHORIZATION) {
            (json, body).into_response()
        } else {
            (StatusCode::UNAUTHORIZED, json, "{}").into_response()
        }
    };
    Router::new().fallback(any(answer))
}
