//! The page between a form and the vendor's login. A redirect would fall under our own `form-action`, which browsers
//! hold against every address on the way.

use askama::Template;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use ferrule_catalog::Connector;
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use ferrule_wire::v1::AuthorizeRequest;
use secrecy::{ExposeSecret as _, SecretString};

use crate::pages::cookies::OurCookie;
use crate::pages::draft::{self, Draft};
use crate::pages::html;
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "leaving.html")]
struct Leaving<'a> {
    connector: &'a str,
    host: String,
    url: String,
}

/// Begins a login that is bound to this browser, and sends it on its way.
pub(crate) async fn answer(
    gateway: &Gateway,
    connector: &Connector,
    headers: &HeaderMap,
    request: AuthorizeRequest,
    draft: Option<Draft>,
) -> Result<Response, Refusal> {
    let public_url = &gateway.settings().public_url;
    // Another login that began in this browser is bound by the same nonce.
    let nonce: SecretString = OurCookie::Binding
        .read(headers, public_url)
        .map_or_else(|| gateway.chance().url_token(), SecretString::from);
    let request = AuthorizeRequest {
        browser_binding: Digest::of(nonce.expose_secret()).as_bytes().to_vec(),
        ..request
    };
    let begun = gateway
        .broker()
        .authorize(request)
        .await
        .map_err(Refusal::from)?
        .into_inner();
    let handshake = begun.state.unwrap_or_default();
    let url: Uri = begun.oauth_url.parse().map_err(Refusal::internal)?;
    let page = Leaving {
        connector: &connector.name,
        host: url.host().unwrap_or_default().to_owned(),
        url: begun.oauth_url,
    };
    let binding = OurCookie::Binding.set(public_url, nonce.expose_secret(), draft::LASTS)?;
    let kept = draft
        .map(|draft| draft.keep(&handshake, public_url))
        .transpose()?;
    let mut answer = html(StatusCode::OK, &page);
    for cookie in [Some(binding), kept].into_iter().flatten() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
