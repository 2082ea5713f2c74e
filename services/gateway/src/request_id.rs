//! The request's id: made for each request, in every answer, in every log line of it.

use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::http::{HeaderValue, Request};
use axum::middleware::Next;
use axum::response::Response;
use ferrule_model::Chance;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::errors::ApiError;
use crate::headers;

/// 24 hexadecimal characters, as in the contract.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(String);

impl RequestId {
    fn new(chance: &Chance) -> Self {
        Self(hex::encode(chance.bytes::<12>()))
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Outermost of all: see [`answered`].
pub(crate) async fn layer(State(chance): State<Chance>, request: Request<Body>, next: Next) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("(none)", MatchedPath::as_str);
    answered(&chance, route, request, |request| {
        let id = request.extensions().get::<RequestId>().map(|id| id.0.clone());
        ferrule_wire::on_behalf_of(id, next.run(request))
    })
    .await
}

/// Gives the request its id and span, renders a refusal with it, and logs one line.
pub(crate) async fn answered<B, F: Future<Output = Response>>(
    chance: &Chance,
    route: &str,
    mut request: Request<B>,
    next: impl FnOnce(Request<B>) -> F,
) -> Response {
    let id = RequestId::new(chance);
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{} {route}", request.method()),
        otel.kind = "server",
        http.request.method = %request.method(),
        http.route = route,
        request_id = id.as_str(),
        instance = Empty,
    );
    headers::continue_trace(&span, request.headers());
    request.extensions_mut().insert(id.clone());

    let began = Instant::now();
    let mut response = next(request).instrument(span.clone()).await;
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        let plain = std::mem::replace(&mut response, error.render(&id));
        for (name, value) in plain.headers() {
            response
                .headers_mut()
                .entry(name)
                .or_insert_with(|| value.clone());
        }
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert("elements-request-id", value);
    }
    let _inside = span.enter();
    tracing::info!(
        status = response.status().as_u16(),
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}
