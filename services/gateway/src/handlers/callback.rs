//! `GET /oauth/callback/{key}`: the vendor sends the browser back, with a code or with a refusal.

use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use ferrule_wire::v1::CallbackRequest;

use crate::errors::ApiError;
use crate::pages::{OurCookie, Problem};
use crate::path::Element;
use crate::query::Query;
use crate::state::Gateway;

/// What no answer of a vendor holds twice (RFC 6749 section 3.1): two readers might each take another one.
const ONCE: [&str; 8] = [
    "state",
    "code",
    "error",
    "iss",
    "oauth_token",
    "oauth_verifier",
    "oauth_problem",
    "denied",
];

/// A redirect in every case that ends well, so that the code leaves the address bar.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    element: Result<Element, ApiError>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Element(element) = element.map_err(|_| Problem::unfit_answer())?;
    let landed = land(&gateway, &element, query.as_deref(), &headers).await;
    // The way back to a connector's page is for those who began there; others began at a product's.
    let began_here = OurCookie::Session
        .read(&headers, &gateway.settings().public_url)
        .is_some();
    let connector = gateway.catalog().get(&element).filter(|_| began_here);
    landed.map_err(|problem| match connector {
        Some(connector) => problem.back_to(connector),
        None => problem,
    })
}

async fn land(
    gateway: &Gateway,
    element: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let query = Query::parse(query.unwrap_or_default()).map_err(|_| Problem::unfit_answer())?;
    if ONCE.iter().any(|name| query.all(name).len() > 1) {
        return Err(Problem::unfit_answer());
    }
    let mut parameters = query.into_map();
    let mut take = |name: &str| parameters.remove(name);
    let request = CallbackRequest {
        element: element.to_owned(),
        state: take("state").unwrap_or_default(),
        code: take("code").unwrap_or_default(),
        error: take("error").unwrap_or_default(),
        error_description: take("error_description").unwrap_or_default(),
        iss: take("iss"),
        browser_binding: OurCookie::Binding
            .read(headers, &gateway.settings().public_url)
            .map_or_else(Vec::new, |nonce| Digest::of(nonce).as_bytes().to_vec()),
        parameters: parameters.into_iter().collect(),
    };
    let landing = gateway.broker().callback(request).await?.into_inner();
    let location = if landing.redirect_to.is_empty() {
        format!(
            "/oauth/callback/{}/done?handshake={}",
            landing.element, landing.handshake
        )
    } else {
        landing.redirect_to
    };
    let location = HeaderValue::try_from(location).map_err(Refusal::internal)?;
    Ok((StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response())
}
