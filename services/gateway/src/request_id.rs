//! The request's id: made for each request, in every answer, in every log line of it. What is told of a request once
//! it is answered stands here, too.

use std::time::Instant;

use axum::body::Body;
use axum::extract::MatchedPath;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use axum::response::Response;
use ferrule_model::Chance;
use ferrule_service::telemetry;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use crate::errors::ApiError;
use crate::headers::{self, INSTANCE};
use crate::meters;

const REQUEST_ID: HeaderName = HeaderName::from_static("elements-request-id");

/// 24 hexadecimal characters, as in the contract.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestId([u8; 24]);

impl RequestId {
    fn new(chance: &Chance) -> Self {
        let mut text = [b'0'; 24];
        // As long as twice the bytes: it always fits.
        let _ = hex::encode_to_slice(chance.bytes::<12>(), &mut text);
        Self(text)
    }

    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A request that is being answered.
#[derive(Clone, Debug)]
pub(crate) struct Asked<'a> {
    id: RequestId,
    route: &'a str,
    method: Method,
    began: Instant,
}

impl<'a> Asked<'a> {
    pub(crate) fn new<B>(chance: &Chance, route: &'a str, request: &Request<B>) -> Self {
        Self {
            id: RequestId::new(chance),
            route,
            method: request.method().clone(),
            began: Instant::now(),
        }
    }

    /// What whatever is logged meanwhile stands in.
    pub(crate) fn span(&self) -> Span {
        let traced = telemetry::exports_spans();
        tracing::info_span!(
            "request",
            otel.name = traced.then(|| format!("{} {}", self.method, self.route)),
            otel.kind = traced.then_some("server"),
            http.request.method = self.method.as_str(),
            http.route = self.route,
            http.response.status_code = Empty,
            request_id = self.id.as_str(),
            instance = Empty,
        )
    }

    /// Renders a refusal with the request's id, which every answer has, and counts the answer.
    fn finish(&self, mut response: Response) -> Response {
        if let Some(error) = response.extensions_mut().remove::<ApiError>() {
            let plain = std::mem::replace(&mut response, error.render(&self.id));
            for (name, value) in plain.headers() {
                response
                    .headers_mut()
                    .entry(name)
                    .or_insert_with(|| value.clone());
            }
        }
        if let Ok(value) = HeaderValue::from_bytes(&self.id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        meters::answered(self.route, &self.method, response.status(), self.began.elapsed());
        response
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Outermost of all routes: see [`answered`].
pub(crate) async fn of_route<F: Future<Output = Response>>(
    chance: &Chance,
    request: Request<Body>,
    next: impl FnOnce(Request<Body>) -> F,
) -> Response {
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("(none)", MatchedPath::as_str);
    let asked = Asked::new(chance, route, &request);
    let id = asked.id.as_str().to_owned();
    answered(&asked, request, |request| {
        ferrule_wire::on_behalf_of(Some(id), next(request))
    })
    .await
}

/// Gives the request its span, renders a refusal, and logs one line.
pub(crate) async fn answered<B, F: Future<Output = Response>>(
    asked: &Asked<'_>,
    request: Request<B>,
    next: impl FnOnce(Request<B>) -> F,
) -> Response {
    let span = asked.span();
    headers::continue_trace(&span, request.headers());
    let response = asked.finish(next(request).instrument(span.clone()).await);
    if telemetry::exports_spans() {
        span.record("http.response.status_code", response.status().as_u16());
    }
    let _inside = span.enter();
    tracing::info!(
        status = response.status().as_u16(),
        duration_ms = asked.milliseconds(),
        "answered"
    );
    response
}

/// The same for a call through an instance. Where no spans are exported it has none unless something is worth logging
/// before its end ([`Asked::span`]), and one line says it all.
pub(crate) async fn passed<B, F: Future<Output = Response>>(
    asked: &Asked<'_>,
    request: Request<B>,
    next: impl FnOnce(Request<B>) -> F,
) -> Response {
    if telemetry::exports_spans() {
        return answered(asked, request, next).await;
    }
    let response = asked.finish(next(request).await);
    tracing::info!(
        http.request.method = asked.method.as_str(),
        http.route = asked.route,
        request_id = asked.id.as_str(),
        instance = instance(response.headers()),
        status = response.status().as_u16(),
        duration_ms = asked.milliseconds(),
        "answered"
    );
    response
}

fn instance(headers: &HeaderMap) -> Option<i64> {
    headers.get(INSTANCE)?.to_str().ok()?.parse().ok()
}
