//! The pages that a person sees.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

/// The login page: who are you, and may this app do that?
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage<'a> {
    /// The name in the field.
    pub name: &'a str,
    /// What is wrong with that name.
    pub complaint: Option<&'a str>,
    /// The scope asked for.
    pub scope: &'a str,
    /// The host that the browser goes back to.
    pub host: &'a str,
    /// The authorization request, signed.
    pub transaction: &'a str,
}

#[derive(Template)]
#[template(path = "refusal.html")]
struct RefusalPage<'a> {
    message: &'a str,
}

impl LoginPage<'_> {
    pub fn show(&self) -> Response {
        let status = if self.complaint.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        page(status, self)
    }
}

/// A page that says why a request goes no further.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response {
    page(status, &RefusalPage { message })
}

fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

pub(crate) async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", include_str!("../templates/style.css"))
}

pub(crate) async fn icon() -> impl IntoResponse {
    asset("image/svg+xml", include_str!("../templates/icon.svg"))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    (
        [(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=300")],
        text,
    )
}
