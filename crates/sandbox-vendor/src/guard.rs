//! What holds for every request and every answer: size limits and security headers.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};

/// The longest query, in bytes.
const MAX_QUERY: usize = 8 * 1024;

/// The longest body, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// No script runs and no frame shows these pages. Browsers hold `form-action` against every redirect that follows
/// a form, and those go where the client lives: so it names schemes, not hosts.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action http: https:; \
                      frame-ancestors 'none'; base-uri 'none'";

pub(crate) fn guarded(routes: Router) -> Router {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let mut response = if request.uri().query().is_some_and(|query| query.len() > MAX_QUERY) {
        (
            StatusCode::URI_TOO_LONG,
            format!("A query may hold {MAX_QUERY} bytes."),
        )
            .into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
