//! `GET` and `POST /sign-in`, `POST /sign-out`: a session for the secrets of an organization and its user.

use std::net::SocketAddr;
use std::time::Duration;

use askama::Template;
use axum::extract::{ConnectInfo, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use ferrule_model::Digest;
use ferrule_wire::v1::{CloseSessionRequest, Credentials, OpenSessionRequest};
use ferrule_wire::{Reason, Refusal};
use secrecy::ExposeSecret as _;

use crate::errors::ApiError;
use crate::meters;
use crate::pages::cookies::OurCookie;
use crate::pages::form::Form;
use crate::pages::signed_in::session;
use crate::pages::{Problem, html};
use crate::query::Query;
use crate::state::Gateway;

/// The registry ends a session after twelve hours; the browser forgets it then.
const LASTS: Duration = Duration::from_hours(12);

/// Where one goes who was on the way nowhere.
const HOME: &str = "/connectors";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    next: String,
    wrong: Option<String>,
}

/// The address of the sign-in page for somebody on the way to a page.
pub(crate) fn address(next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("/sign-in?next={next}")
}

pub(crate) async fn page(query: Result<Query, ApiError>) -> Response {
    let next = query.ok().and_then(|query| query.get("next").map(own_path));
    answer(StatusCode::OK, next.unwrap_or_else(|| HOME.to_owned()), None)
}

pub(crate) async fn sign_in(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let next = form.text("next").map_or_else(|| HOME.to_owned(), own_path);
    if let Err(wait) = gateway.sign_ins().count(peer, &headers) {
        meters::limit_refused("sign_in");
        let words = format!("Too many attempts from this address. Try again in {wait} s.");
        return Ok(answer(StatusCode::TOO_MANY_REQUESTS, next, Some(words)));
    }
    let digest = |name: &str| {
        let secret = form.text(name).unwrap_or_default();
        Digest::of(secret).as_bytes().to_vec()
    };
    let secret = gateway.chance().url_token();
    let request = OpenSessionRequest {
        credentials: Some(Credentials {
            user: digest("user"),
            organization: digest("organization"),
            ..Credentials::default()
        }),
        session: Digest::of(secret.expose_secret()).as_bytes().to_vec(),
    };
    match gateway
        .registry()
        .open_session(request)
        .await
        .map_err(Refusal::from)
    {
        Ok(_) => {
            let cookie =
                OurCookie::Session.set(&gateway.settings().public_url, secret.expose_secret(), LASTS)?;
            Ok(([(SET_COOKIE, cookie)], Redirect::to(&next)).into_response())
        }
        Err(refusal) if refusal.reason == Reason::Unauthenticated => {
            let words = "These two secrets do not belong together, or are nobody's.".to_owned();
            Ok(answer(StatusCode::UNAUTHORIZED, next, Some(words)))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

pub(crate) async fn sign_out(
    State(gateway): State<Gateway>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let public_url = &gateway.settings().public_url;
    if let Some(session) = session(&headers, public_url) {
        let request = CloseSessionRequest {
            session: session.as_bytes().to_vec(),
        };
        gateway.registry().close_session(request).await?;
    }
    let cookie = OurCookie::Session.clear(public_url)?;
    Ok(([(SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response())
}

fn answer(status: StatusCode, next: String, wrong: Option<String>) -> Response {
    html(status, &SignIn { next, wrong })
}

/// A path of ours, or home: nobody is sent to another site from here.
fn own_path(next: &str) -> String {
    let is_path = next.starts_with('/') && !next.starts_with("//");
    let is_plain = !next.chars().any(|c| c.is_control() || c == '\\');
    if is_path && is_plain {
        next.to_owned()
    } else {
        HOME.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(own_path("/instances?q=a"), "/instances?q=a");
        for elsewhere in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(own_path(elsewhere), HOME, "{elsewhere:?}");
        }
    }
}
