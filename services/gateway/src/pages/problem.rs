//! A page that says what went wrong and what to do, and repeats nothing that came in the URL.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ferrule_wire::{Reason, Refusal};
use tonic::Status;

use crate::errors::http_status;
use crate::pages::html;

/// What the page says.
#[derive(Clone, Debug, Template)]
#[template(path = "problem.html")]
pub(crate) struct Problem {
    status: StatusCode,
    heading: String,
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, heading: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            heading: heading.into(),
            message: message.into(),
        }
    }
}

impl Problem {
    /// The vendor sent what no login answers with; none of it is repeated.
    pub(crate) fn unfit_answer() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "This login cannot go on",
            "The address holds more, or something else, than a vendor answers with.",
        )
    }

    pub(crate) fn no_such_connector() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "There is no such connector",
            "The address may be mistyped.",
        )
    }
}

impl From<Refusal> for Problem {
    /// A state that is unknown is no missing page: the callback's request is at fault, so 400.
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.reason {
            Reason::StateUnknown | Reason::StateExpired => StatusCode::BAD_REQUEST,
            reason => http_status(reason),
        };
        let heading = match refusal.reason {
            Reason::StateExpired => "This login took too long",
            Reason::StateUnknown => "This login is not known here",
            Reason::StateSpent => "This login was already used",
            Reason::CallbackMismatch | Reason::IssuerMismatch => "This answer belongs to another login",
            Reason::BrowserMismatch => "This login began in another browser",
            Reason::ElementUnknown => "There is no such connector",
            Reason::Unavailable | Reason::Sealed | Reason::Internal => "Something is out of order here",
            _ => "This login cannot go on",
        };
        Self::new(status, heading, refusal.message)
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        Refusal::from(status).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        html(self.status, &self)
    }
}
