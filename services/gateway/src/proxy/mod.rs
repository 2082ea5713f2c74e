//! Calls through an instance: whatever comes under `/hubs/{hub}/`, and the paths that its connector declares.
//!
//! A call is checked (`path`), gets its credential (`crate::credentials`), is counted (`limits`), finds its vendor's
//! path (`resources`), and goes out and comes back with the headers that may pass (`head`). Bodies pass piece by
//! piece, both ways, but for a page that the caller asks for by the contract's names (`page`, `page_answer`). A vendor that takes no connection is left alone for a while (`breaker`).

mod breaker;
mod forward;
mod head;
mod idle;
mod limits;
mod lone_ping;
mod page;
mod page_answer;
mod path;
mod ping;
mod request_body;
mod resources;
mod response_body;
mod signed_form;

use std::sync::Arc;

use axum::BoxError;
use axum::body::Bytes;
use axum::http::header::{TRANSFER_ENCODING, UPGRADE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_catalog::Resource;
use http_body_util::Empty;
use hyper::body::Body;
use tracing::{Instrument as _, Span};

pub(crate) use breaker::{Breaker, Breakers};
pub(crate) use limits::Limits;
pub use lone_ping::lone_ping;

use crate::auth::Presented;
use crate::credentials::{Asker, Credential};
use crate::errors::ApiError;
use crate::headers::INSTANCE;
use crate::routes::API;
use crate::state::Gateway;
use forward::Call;
use page::Page;
use path::CallPath;
use response_body::ResponseBody;

/// Where a call's path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Below `/hubs/{hub}`, whatever the hub: any path passes.
    Hub,
    /// Below the API itself: only declared paths pass.
    Declared,
}

/// The path below the hub, when this is one; the hub itself is not looked at.
pub(crate) fn below_hub(path: &str) -> Option<&str> {
    let hub = path.strip_prefix(API)?.strip_prefix("/hubs/")?;
    let slash = hub.find('/')?;
    (slash > 0).then(|| &hub[slash..])
}

/// Makes the call, or says no. Whatever takes more than what is at hand runs in `span`.
pub(crate) async fn answer<B>(
    gateway: &Gateway,
    request: Request<B>,
    way: Way,
    span: impl Fn() -> Span + Send + Sync,
) -> Response
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    match Presented::of_instance(request.headers()) {
        Ok(presented) => answer_to(gateway, Asker::Secrets(presented), request, way, span).await,
        Err(error) => check(request.method(), request.headers())
            .and(Err(error.into()))
            .unwrap_or_else(ApiError::into_response),
    }
}

/// The same for somebody who is known already; nothing is read of `Authorization`.
pub(crate) async fn answer_to<B>(
    gateway: &Gateway,
    asker: Asker,
    request: Request<B>,
    way: Way,
    span: impl Fn() -> Span + Send + Sync,
) -> Response
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let mut instance = None;
    let answered = pass(gateway, asker, request, way, &span, &mut instance).await;
    let mut response = answered.unwrap_or_else(ApiError::into_response);
    if let Some(instance) = instance {
        response
            .headers_mut()
            .insert(INSTANCE, HeaderValue::from(instance));
    }
    response
}

async fn pass<B>(
    gateway: &Gateway,
    asker: Asker,
    request: Request<B>,
    way: Way,
    span: &(impl Fn() -> Span + Send + Sync),
    instance: &mut Option<i64>,
) -> Result<Response, ApiError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let (mut parts, body) = request.into_parts();
    check(&parts.method, &parts.headers)?;
    let path = match way {
        Way::Hub => below_hub(parts.uri.path()),
        Way::Declared => parts.uri.path().strip_prefix(API),
    };
    let path = CallPath::parse(path.unwrap_or_default())
        .map_err(|error| ApiError::bad_request(error.to_string()))?;

    let credentials = gateway.credentials();
    let credential = match credentials.at_hand(asker) {
        Some(credential) => credential,
        // What seldom runs takes room of its own, not of every call's future, which is copied as it begins.
        None => Box::pin(credentials.ask(asker).instrument(span())).await?,
    };
    *instance = Some(credential.instance.0);
    Span::current().record("instance", credential.instance.0);
    let permit = gateway.limits().admit(&credential)?;

    let pings = parts.method == Method::GET && path.as_str() == ping::PATH;
    if let Some(ping) = credential
        .connector
        .api
        .as_ref()
        .and_then(|api| api.ping.as_ref())
        .filter(|_| pings)
    {
        let call = Call {
            asker,
            method: ping::method(ping.method),
            path: ping.path.clone(),
            // Nothing of the caller's: it asks about the instance, not about a resource.
            parts: Request::new(()).into_parts().0,
        };
        let answer = Box::pin(call.send(gateway, &credential, Empty::new(), span)).await?;
        return ping::answer(&answer, credential.connector.key.as_str(), gateway.clock().now());
    }
    let (resource, path) = vendor_path(&credential, &parts, path, way)?;
    let page = match resource.filter(|_| parts.method == Method::GET) {
        Some(resource) => Page::take(&credential.connector, resource, &path, &mut parts)?,
        None => None,
    };
    let call = Call {
        asker,
        method: parts.method.clone(),
        path,
        parts,
    };
    let answer = call.send(gateway, &credential, body, span).await?;
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(ApiError::new(
            StatusCode::BAD_GATEWAY,
            "The vendor switched protocols unasked.",
        ));
    }
    let (parts, body) = answer.into_parts();
    let body = ResponseBody::new(body, permit);
    if let Some(page) = page.filter(|_| parts.status == StatusCode::OK) {
        return Box::pin(page_answer::pass(&page, parts, body)).await;
    }
    let mut response = Response::new(axum::body::Body::new(body));
    *response.status_mut() = parts.status;
    *response.headers_mut() = head::to_caller(parts.headers);
    Ok(response)
}

/// Refuses what cannot be passed on faithfully, or would hand the credential back.
fn check(method: &Method, headers: &HeaderMap) -> Result<(), ApiError> {
    let refuse = |words| Err(ApiError::new(StatusCode::NOT_IMPLEMENTED, words));
    if headers.contains_key(UPGRADE) {
        return refuse("Calls through an instance cannot change the protocol: leave Upgrade out.");
    }
    if method == Method::TRACE || method == Method::CONNECT {
        return refuse("Calls through an instance take neither TRACE nor CONNECT.");
    }
    let chunked = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !chunked(coding)) || codings.next().is_some() {
        return refuse("The only Transfer-Encoding taken is chunked.");
    }
    Ok(())
}

/// The declared resource that the path means, and the vendor's path.
fn vendor_path<'c>(
    credential: &'c Arc<Credential>,
    parts: &Parts,
    path: CallPath<'_>,
    way: Way,
) -> Result<(Option<&'c Resource>, String), ApiError> {
    let found = resources::find(&credential.connector.resources, path.as_str());
    match (found, way) {
        (Some((resource, vendor_path)), Way::Hub) => Ok((Some(resource), vendor_path.into_owned())),
        (None, Way::Hub) => Ok((None, path.as_str().to_owned())),
        (Some((resource, vendor_path)), Way::Declared) if resources::takes(resource, &parts.method) => {
            Ok((Some(resource), vendor_path.into_owned()))
        }
        (_, Way::Declared) => {
            let words = "This API is not currently supported for this element";
            Err(ApiError::new(StatusCode::NOT_FOUND, words))
        }
    }
}
