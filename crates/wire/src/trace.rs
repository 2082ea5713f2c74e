//! W3C trace context over gRPC: out with every call, in with every request, in process too.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use opentelemetry::propagation::{Extractor, Injector};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::meters::{Call, Side};

/// Writes this span's trace context into a call's headers, where spans of calls exist.
pub(crate) fn inject(span: &Span, headers: &mut HeaderMap) {
    if span.is_disabled() {
        return;
    }
    let context = span.context();
    opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut Headers(headers));
    });
}

struct Headers<'a>(&'a mut HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(key), HeaderValue::try_from(value)) {
            self.0.insert(name, value);
        }
    }
}

struct Received<'a>(&'a HeaderMap);

impl Extractor for Received<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Runs each gRPC request in a span that continues the caller's trace, and measures it.
#[derive(Clone, Copy, Debug)]
pub struct SpanLayer;

impl<S> Layer<S> for SpanLayer {
    type Service = InSpan<S>;

    fn layer(&self, inner: S) -> Self::Service {
        InSpan(inner)
    }
}

/// A service whose requests run in spans.
#[derive(Clone, Debug)]
pub struct InSpan<S>(S);

impl<S, B, R> Service<Request<B>> for InSpan<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let call = Call::begin(Side::Server, request.uri().path());
        if !call.span().is_disabled() {
            let parent = opentelemetry::global::get_text_map_propagator(|propagator| {
                propagator.extract(&Received(request.headers()))
            });
            // It fails where no OpenTelemetry layer is installed: then there is no trace to continue.
            let _ = call.span().set_parent(parent);
        }
        let answer = self.0.call(request).instrument(call.span().clone());
        Box::pin(async move {
            let answer = answer.await?;
            call.end(Ok(&answer));
            Ok(answer)
        })
    }
}
