//! URLs longer than any client of ours needs are refused before anything reads them.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::errors::ApiError;

/// Path and query together.
const MAX_URL: usize = 16 * 1024;

pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let length = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if length > MAX_URL {
        let message = format!("The URL is longer than {MAX_URL} bytes.");
        return ApiError::new(StatusCode::URI_TOO_LONG, message).into_response();
    }
    next.run(request).await
}
