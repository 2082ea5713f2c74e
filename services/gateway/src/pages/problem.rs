//! A page that says what went wrong and what to do, and repeats nothing that came in the URL.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use ferrule_catalog::Connector;
use ferrule_wire::{Reason, Refusal};
use tonic::Status;

use crate::errors::http_status;
use crate::pages::html;

/// A page of this kind.
#[derive(Clone, Debug)]
pub(crate) struct Problem(Box<Said>);

/// What the page says.
#[derive(Clone, Debug, Template)]
#[template(path = "problem.html")]
struct Said {
    status: StatusCode,
    heading: String,
    message: String,
    /// The vendor's words, cut and cleaned.
    provider_message: Option<String>,
    /// What it means for the login.
    hint: Option<&'static str>,
    way_on: Option<WayOn>,
}

/// Where to go from here.
#[derive(Clone, Debug)]
struct WayOn {
    href: String,
    label: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, heading: impl Into<String>, message: impl Into<String>) -> Self {
        Self(Box::new(Said {
            status,
            heading: heading.into(),
            message: message.into(),
            provider_message: None,
            hint: None,
            way_on: None,
        }))
    }

    /// The vendor sent what no login answers with; none of it is repeated.
    pub(crate) fn unfit_answer() -> Self {
        let mut problem = Self::new(
            StatusCode::BAD_REQUEST,
            "This login cannot go on",
            "The address holds more, or something else, than a vendor answers with.",
        );
        problem.0.hint = Some(NOTHING_CONNECTED);
        problem
    }

    pub(crate) fn no_such_connector() -> Self {
        let problem = Self::new(
            StatusCode::NOT_FOUND,
            "There is no such connector",
            "The address may be mistyped.",
        );
        problem.with_way_on("/connectors", "See all connectors")
    }

    pub(crate) fn no_such_link() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "This link is not known here",
            "The address may be mistyped, or the link was over long ago. Ask for a new one where you got it.",
        )
    }

    pub(crate) fn no_such_instance() -> Self {
        let problem = Self::new(
            StatusCode::NOT_FOUND,
            "There is no such instance",
            "It may have been deleted, or it belongs to another organization.",
        );
        problem.with_way_on("/instances", "See your instances")
    }

    /// What stopped a login at this connector.
    pub(crate) fn of_connector(refusal: Refusal, connector: &Connector) -> Self {
        Self::from(refusal).back_to(connector)
    }

    /// With the way back to a connector's page.
    pub(crate) fn back_to(self, connector: &Connector) -> Self {
        let label = format!("Back to {}", connector.name);
        self.with_way_on(format!("/connectors/{}", connector.key), label)
    }

    pub(crate) fn with_way_on(mut self, href: impl Into<String>, label: impl Into<String>) -> Self {
        self.0.way_on = Some(WayOn {
            href: href.into(),
            label: label.into(),
        });
        self
    }
}

const NOTHING_CONNECTED: &str =
    "Nothing was connected. Go back to where you began and start the login again.";

impl From<Refusal> for Problem {
    /// A state that is unknown is no missing page: the callback's request is at fault, so 400.
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.reason {
            Reason::StateUnknown | Reason::StateExpired => StatusCode::BAD_REQUEST,
            reason => http_status(reason),
        };
        let (heading, hint) = words(refusal.reason);
        let mut problem = Self::new(status, heading, refusal.message);
        problem.0.provider_message = refusal.provider_message;
        problem.0.hint = hint;
        match refusal.reason {
            Reason::InstanceUnknown => Self::no_such_instance(),
            Reason::ElementUnknown => Self::no_such_connector(),
            Reason::ConnectUnknown => Self::no_such_link(),
            Reason::Unauthenticated => problem.with_way_on("/sign-in", "Sign in"),
            _ => problem,
        }
    }
}

/// What a refusal is called, and what it means for the login.
fn words(reason: Reason) -> (&'static str, Option<&'static str>) {
    let nothing = Some(NOTHING_CONNECTED);
    match reason {
        Reason::ConnectExpired => ("This link is over", None),
        Reason::ConnectSpent => ("This link was used", None),
        Reason::StateExpired => ("This login took too long", nothing),
        Reason::StateUnknown => ("This login is not known here", nothing),
        Reason::StateSpent | Reason::CodeSpent => ("This login was already used", nothing),
        Reason::CallbackMismatch | Reason::IssuerMismatch => {
            ("This answer belongs to another login", nothing)
        }
        Reason::BrowserMismatch => ("This login began in another browser", nothing),
        Reason::UserDenied => ("The login ended with a no", nothing),
        Reason::VendorRejected => (
            "The vendor refused this login",
            Some(
                "Nothing was connected. Look at the API key and secret, and at the callback URL registered there.",
            ),
        ),
        Reason::VendorUnreachable => (
            "The vendor does not answer",
            Some("Nothing was connected, and nothing is lost: try again in a moment."),
        ),
        Reason::ExchangeUnknown => (
            "The vendor's answer is not known",
            Some(
                "The login was sent to the vendor and no answer came. It is not sent twice: log in once more.",
            ),
        ),
        Reason::Unauthenticated => ("Sign in first", None),
        Reason::Forbidden => ("This is not allowed", None),
        Reason::InvalidRequest => ("This cannot be done as it is", None),
        Reason::ExchangeInFlight => ("This is being done right now", None),
        Reason::Unavailable | Reason::Sealed | Reason::Internal => ("Something is out of order here", None),
        _ => ("This login cannot go on", nothing),
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        Refusal::from(status).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        html(self.0.status, &*self.0)
    }
}
