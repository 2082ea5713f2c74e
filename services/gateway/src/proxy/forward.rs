//! One call to the vendor, and a second one where a fresh token makes that worth it.

use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use ferrule_oauth::oauth1::Stamp;
use ferrule_outbound::{Answer, NotSent, OutboundError, Unanswered};
use ferrule_service::telemetry;
use ferrule_wire::Reason;
use http_body_util::{Either, Empty, Full};
use hyper::body::Body;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, field};

use super::head;
use super::request_body::{Copy, RequestBody};
use super::signed_form;
use crate::credentials::{Asker, Credential};
use crate::errors::ApiError;
use crate::meters::Ended;
use crate::state::Gateway;

/// A call as it came, checked.
pub(crate) struct Call {
    pub(crate) asker: Asker,
    pub(crate) method: Method,
    /// The vendor's path below the base URL.
    pub(crate) path: String,
    /// The query and the headers as they came.
    pub(crate) parts: Parts,
}

impl Call {
    /// Sends the call and gives the vendor's answer, whatever its status.
    ///
    /// On a 401 the registry is told, and where a newer token comes of that and the body is at hand once more, the
    /// call is repeated, once. Otherwise the 401 is the answer.
    pub(crate) async fn send<B>(
        &self,
        gateway: &Gateway,
        credential: &Arc<Credential>,
        body: B,
        span: &(impl Fn() -> Span + Send + Sync),
    ) -> Result<Response<Answer>, ApiError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        if credential.authorization.signs_forms() && signed_form::is_form(&self.parts.headers) {
            let signed = async {
                let form = signed_form::collect(body).await?;
                let body = Full::new(form.clone());
                self.pass(gateway, credential, body, Some(&form), span).await
            };
            return Box::pin(signed).await;
        }
        self.pass(gateway, credential, body, None, span).await
    }

    /// `form` is the body once more, where it is signed.
    async fn pass<B>(
        &self,
        gateway: &Gateway,
        credential: &Arc<Credential>,
        body: B,
        form: Option<&[u8]>,
        span: &(impl Fn() -> Span + Send + Sync),
    ) -> Result<Response<Answer>, ApiError>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let bodiless = body.is_end_stream();
        let copy = Copy::default();
        let answer = if bodiless {
            self.once(gateway, credential, Empty::new(), form).await
        } else {
            let passing = RequestBody::new(body, copy.clone());
            self.once(gateway, credential, passing, form).await
        };
        let answer = match answer {
            // A connection that ended just when the call came: what changes nothing may be asked again.
            Err(Failure::Sent(Unanswered::ConnectionLost, _)) if bodiless && self.method.is_safe() => {
                Box::pin(self.once(gateway, credential, Empty::new(), form)).await
            }
            answer => answer,
        };
        let answer = answer.map_err(|failure| failure.into_error(&copy))?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return Ok(answer);
        }
        let again = if bodiless {
            Some(Bytes::new())
        } else {
            copy.whole()
        };
        let Some(again) = again else {
            let credentials = gateway.credentials();
            span().in_scope(|| credentials.renew_for_the_next(self.asker, credential));
            return Ok(answer);
        };
        let renewal = gateway.credentials().renew(self.asker, credential);
        match Box::pin(renewal.instrument(span())).await {
            Ok(newer) if newer.version != credential.version => {
                drop(answer);
                let body = if bodiless {
                    Either::Left(Empty::new())
                } else {
                    Either::Right(Full::new(again))
                };
                let answer = Box::pin(self.once(gateway, &newer, body, form)).await;
                answer.map_err(|failure| failure.into_error(&copy))
            }
            Err(refusal) if is_about_the_instance(refusal.reason) => Err(refusal.into()),
            Ok(_) | Err(_) => Ok(answer),
        }
    }

    async fn once<B>(
        &self,
        gateway: &Gateway,
        credential: &Credential,
        body: B,
        form: Option<&[u8]>,
    ) -> Result<Response<Answer>, Failure>
    where
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let address = credential.origin.address(&self.path, self.parts.uri.query());
        let Some(address) = address else {
            return Err(Failure::Address);
        };
        if let Err(wait) = credential.breaker.admit() {
            credential.meter.record(Ended::Resting, Duration::ZERO);
            return Err(Failure::Resting(
                credential.origin.authority().host().to_owned(),
                wait,
            ));
        }
        let mut headers = head::to_vendor(&self.parts.headers, credential);
        // A caller's length stays a length, and is that of the body that goes out.
        if self.parts.headers.contains_key(CONTENT_LENGTH)
            && let Some(length) = body.size_hint().exact()
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        let mut request = Request::new(body);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = address;
        *request.headers_mut() = headers;
        let (mut head, body) = request.into_parts();
        let stamp = || Stamp::new(gateway.chance(), gateway.clock());
        if let Some(authorization) = credential.authorization.of_call(&head, form, stamp) {
            head.headers.insert(AUTHORIZATION, authorization);
        }
        let request = Request::from_parts(head, body);

        let (span, began) = (span_of(&request), Instant::now());
        let sending = gateway.outbound().stream(request, credential.timeout);
        let outcome = sending.instrument(span.clone()).await;
        let ended = match &outcome {
            Ok(answer) => Ended::With(answer.status()),
            Err(OutboundError::NotSent { .. }) => Ended::NotSent,
            Err(OutboundError::Unanswered { .. }) => Ended::Unanswered,
        };
        ended.tell(&span);
        credential.meter.record(ended, began.elapsed());
        match &outcome {
            Err(OutboundError::NotSent { why, .. }) if is_about_the_connection(*why) => {
                credential.breaker.failed();
            }
            Err(OutboundError::NotSent { .. }) => {}
            Ok(_) | Err(OutboundError::Unanswered { .. }) => credential.breaker.connected(),
        }
        outcome.map_err(|error| match error {
            OutboundError::Unanswered { why, .. } => Failure::Sent(why, error),
            OutboundError::NotSent { .. } => Failure::NotSent(error),
        })
    }
}

/// Of one call to a vendor, where the request it is made for has a span: it names method, host, port and status, and
/// nothing else of the call.
fn span_of<B>(request: &Request<B>) -> Span {
    if !telemetry::exports_spans() || Span::current().is_none() {
        return Span::none();
    }
    tracing::info_span!(
        target: "ferrule_trace",
        "vendor",
        otel.name = request.method().as_str(),
        otel.kind = "client",
        http.request.method = request.method().as_str(),
        server.address = request.uri().host(),
        server.port = request.uri().port_u16(),
        http.response.status_code = field::Empty,
        error.r#type = field::Empty,
    )
}

/// What the registry says of the instance itself outranks the vendor's 401; that it is away does not.
fn is_about_the_instance(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ReauthorizationRequired | Reason::InstanceDisabled | Reason::Unauthenticated
    )
}

fn is_about_the_connection(why: NotSent) -> bool {
    matches!(
        why,
        NotSent::NameNotFound | NotSent::Connect | NotSent::Tls | NotSent::Timeout
    )
}

/// Why there is no answer of the vendor's.
enum Failure {
    /// Path and query are no address.
    Address,
    /// The host took no connection of late.
    Resting(String, Duration),
    NotSent(OutboundError),
    Sent(Unanswered, OutboundError),
}

impl Failure {
    fn into_error(self, copy: &Copy) -> ApiError {
        match self {
            Self::Address => ApiError::bad_request("The path or query holds what no address may hold."),
            Self::Resting(host, wait) => {
                let seconds = wait.as_secs() + 1;
                let words = format!(
                    "{host} took no connection several times in a row. It is tried again in {seconds} s."
                );
                ApiError::new(StatusCode::BAD_GATEWAY, words).retry_after(seconds)
            }
            Self::Sent(Unanswered::RequestBroken, _) if copy.stalled() => {
                ApiError::new(StatusCode::REQUEST_TIMEOUT, "The body stood still for too long.")
            }
            Self::Sent(Unanswered::RequestBroken, _) => {
                ApiError::bad_request("The body broke off or is malformed.")
            }
            Self::Sent(Unanswered::Timeout, error) => ApiError::new(
                StatusCode::GATEWAY_TIMEOUT,
                format!("The vendor may have acted on the call: {error}."),
            ),
            Self::Sent(_, error) => ApiError::new(
                StatusCode::BAD_GATEWAY,
                format!("The vendor may have acted on the call: {error}."),
            ),
            Self::NotSent(error) => ApiError::new(
                StatusCode::BAD_GATEWAY,
                format!("The call did not leave: {error}."),
            ),
        }
    }
}
