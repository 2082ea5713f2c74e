//! `GET /oauth/callback/{key}`: the vendor sends the browser back, with a code or with a refusal.

use axum::extract::{RawQuery, State};
use axum::http::header::{COOKIE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use ferrule_wire::v1::CallbackRequest;

use crate::errors::ApiError;
use crate::pages::Problem;
use crate::path::Element;
use crate::query::Query;
use crate::state::Gateway;

/// The cookie that binds a login to the browser it began in.
const BINDING_COOKIE: &str = "ferrule-binding";

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
    let query = Query::parse(query.as_deref().unwrap_or_default()).map_err(|_| Problem::unfit_answer())?;
    if ONCE.iter().any(|name| query.all(name).len() > 1) {
        return Err(Problem::unfit_answer());
    }
    let mut parameters = query.into_map();
    let mut take = |name: &str| parameters.remove(name);
    let request = CallbackRequest {
        element: element.map_err(|_| Problem::unfit_answer())?.0,
        state: take("state").unwrap_or_default(),
        code: take("code").unwrap_or_default(),
        error: take("error").unwrap_or_default(),
        error_description: take("error_description").unwrap_or_default(),
        iss: take("iss"),
        browser_binding: binding(&headers, &gateway.settings().public_url),
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

/// The digest of the binding cookie's value; empty when the browser sent none.
///
/// Over https the cookie has the `__Host-` prefix, so that no other host of the domain can plant one.
fn binding(headers: &HeaderMap, public_url: &str) -> Vec<u8> {
    let prefix = if public_url.starts_with("https://") {
        "__Host-"
    } else {
        ""
    };
    let name = format!("{prefix}{BINDING_COOKIE}");
    let cookies = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(known, _)| *known == name)
        .map_or_else(Vec::new, |(_, value)| Digest::of(value).as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binding_cookie_is_found_among_others() {
        let headers = HeaderMap::from_iter([(COOKIE, "a=b; ferrule-binding=x; c=d".parse().unwrap())]);
        assert_eq!(
            binding(&headers, "http://localhost:8080"),
            Digest::of("x").as_bytes()
        );
        assert!(binding(&headers, "https://ferrule.example").is_empty());
        assert!(binding(&HeaderMap::new(), "http://localhost").is_empty());
    }
}
