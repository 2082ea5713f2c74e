//! Headers that every answer of a kind carries, and the trace context that a request brings.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_service::telemetry;
use opentelemetry::propagation::Extractor;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::routes::API;

/// Which instance a call went through.
pub(crate) const INSTANCE: HeaderName = HeaderName::from_static("elements-element-instance-id");

/// Exactly as clients of the contract compare it (contract, "Elements-* and related headers").
const EXPOSED: &str = "Elements-Returned-Count, Elements-Total-Count, Elements-Request-Id, \
                       Elements-Next-Page-Token, Elements-Trace-Id, Elements-Error, Content-Disposition";

/// Pages load what is ours and nothing else, hold no inline script or style, and nobody may frame them.
macro_rules! page_policy {
    ($framed_by:literal) => {
        concat!(
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; ",
            "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors ",
            $framed_by
        )
    };
}
const PAGE_POLICY: &str = page_policy!("'none'");

/// On an answer's extensions: the one origin that may frame this page.
#[derive(Clone, Debug)]
pub(crate) struct FramedBy(pub(crate) String);

/// Below this path codes arrive: nothing of such an address goes anywhere. Other pages tell our own alone where a
/// request began, which is what forms are known by.
const CALLBACKS: &str = "/oauth/";

/// Around every route and every refusal: the API's headers on the API's paths, the pages' on all others.
pub(crate) async fn of_path<F: Future<Output = Response>>(
    request: Request<Body>,
    next: impl FnOnce(Request<Body>) -> F,
) -> Response {
    let below = request.uri().path().strip_prefix(API);
    if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        api(request, next).await
    } else {
        page(request, next).await
    }
}

/// CORS where the request has an `Origin`, answers kept out of caches.
///
/// Any origin may ask: the API knows callers by a header that a browser never adds by itself.
pub(crate) async fn api<B, F: Future<Output = Response>>(
    request: Request<B>,
    next: impl FnOnce(Request<B>) -> F,
) -> Response {
    let cross_origin = request.headers().contains_key(ORIGIN);
    let preflight = cross_origin
        && request.method() == Method::OPTIONS
        && request.headers().contains_key("access-control-request-method");
    let mut response = if preflight {
        preflight_answer()
    } else {
        next(request).await
    };
    let headers = response.headers_mut();
    if cross_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn preflight_answer() -> Response {
    let headers = [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, Idempotency-Key",
        ),
        (ACCESS_CONTROL_MAX_AGE, "600"),
    ];
    (StatusCode::OK, headers).into_response()
}

/// Pages, redirects, their errors.
async fn page<F: Future<Output = Response>>(
    request: Request<Body>,
    next: impl FnOnce(Request<Body>) -> F,
) -> Response {
    let referrer = if request.uri().path().starts_with(CALLBACKS) {
        "no-referrer"
    } else {
        "same-origin"
    };
    let mut response = next(request).await;
    let framed = response.extensions_mut().remove::<FramedBy>();
    let policy = framed
        .and_then(|FramedBy(origin)| HeaderValue::try_from(format!("{}{origin}", page_policy!(""))).ok());
    let headers = response.headers_mut();
    if policy.is_none() {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    headers.insert(
        CONTENT_SECURITY_POLICY,
        policy.unwrap_or(HeaderValue::from_static(PAGE_POLICY)),
    );
    headers.insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Makes the span a child of the trace that the request brings (W3C trace context).
pub(crate) fn continue_trace(span: &Span, headers: &HeaderMap) {
    struct Received<'a>(&'a HeaderMap);

    impl Extractor for Received<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(HeaderName::as_str).collect()
        }
    }

    if !telemetry::exports_spans() {
        return;
    }
    let parent =
        opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Received(headers)));
    // It fails where no OpenTelemetry layer is installed: then there is no trace to continue.
    let _ = span.set_parent(parent);
}
