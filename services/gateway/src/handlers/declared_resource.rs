//! Any other path: a call through an instance, when its connector declares the path (contract, "Hub proxy").

use axum::body::Body;
use axum::extract::{OriginalUri, State};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tracing::Span;

use crate::auth::Presented;
use crate::errors::ApiError;
use crate::proxy::{self, Way};
use crate::routes::API;
use crate::state::Gateway;

/// `GET /ping` is always a call of an instance; other paths only where the caller presents one.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    OriginalUri(uri): OriginalUri,
    mut request: Request<Body>,
) -> Response {
    let is_call = Presented::of_instance(request.headers()).is_ok()
        || uri.path().strip_prefix(API).is_some_and(|path| path == "/ping");
    if !is_call {
        return no_such_path().await.into_response();
    }
    *request.uri_mut() = uri;
    proxy::answer(&gateway, request, Way::Declared, Span::current).await
}

pub(crate) async fn no_such_path() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "There is nothing at this path. The base URL ends in /elements/api-v2; calls through an instance need its Element token.",
    )
}
