//! `GET` and `POST /connect/{link}/done`: the login comes back, and becomes the instance.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use ferrule_catalog::Connector;
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::v1::{ConnectSession, FinishConnectRequest};
use ferrule_wire::{Reason, Refusal, within};

use super::{Link, Opened, back};
use crate::errors::ApiError;
use crate::handlers::EXCHANGE_DEADLINE;
use crate::handlers::connect_session::status_name;
use crate::pages::form::Form;
use crate::pages::{Problem, html};
use crate::query::Query;
use crate::state::Gateway;

/// The login is back; a form takes the last step, so that nothing is done by an address alone.
#[derive(Template)]
#[template(path = "connect_last_step.html")]
struct LastStep<'a> {
    connector: &'a str,
    element: &'a str,
    here: String,
    handshake: &'a str,
    popup: bool,
}

/// How it ended.
#[derive(Template)]
#[template(path = "connect_ended.html")]
struct Ended<'a> {
    product: &'a str,
    connector: &'a str,
    status: &'static str,
    done: bool,
    denied: bool,
    popup: bool,
    /// The vendor's words.
    provider_message: Option<String>,
    /// Where to try again.
    again: Option<String>,
    back: Option<String>,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    link: Link,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let query = query.map_err(|_| Problem::unfit_answer())?;
    let connector = find(&gateway, query.get("element"))?;
    let page = LastStep {
        connector: &connector.name,
        element: connector.key.as_str(),
        here: link.path(),
        handshake: query.get("handshake").unwrap_or_default(),
        popup: query.get("popup").is_some(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// The same form again is told the same.
pub(crate) async fn finish(
    State(gateway): State<Gateway>,
    link: Link,
    form: Form,
) -> Result<Response, Problem> {
    let connector = find(&gateway, form.text("element"))?;
    let popup = form.text("popup").is_some();
    let request = FinishConnectRequest {
        link: link.digest(),
        element: connector.key.to_string(),
        handshake: form.text("handshake").unwrap_or_default().to_owned(),
        ..FinishConnectRequest::default()
    };
    let finished = gateway
        .registry()
        .finish_connect(within(EXCHANGE_DEADLINE, request))
        .await;
    let again = format!(
        "{}?element={}{}",
        link.path(),
        connector.key,
        if popup { "&popup=1" } else { "" }
    );
    match finished.map_err(Refusal::from) {
        Ok(session) => {
            let opened = link.open(&gateway, "").await?;
            Ok(ended(&opened, session.get_ref(), connector, popup, None, None))
        }
        Err(refusal) if may_be_told(refusal.reason) => {
            let opened = link.open(&gateway, "").await?;
            let words = refusal.provider_message;
            Ok(ended(
                &opened,
                &opened.session,
                connector,
                popup,
                words,
                Some(again),
            ))
        }
        Err(refusal) => Err(Problem::from(refusal).with_way_on(again, "Try again")),
    }
}

/// What the customer learns of how it ended, and the popup tells its opener.
pub(super) fn ended(
    opened: &Opened,
    session: &ConnectSession,
    connector: &Connector,
    popup: bool,
    provider_message: Option<String>,
    again: Option<String>,
) -> Response {
    let page = Ended {
        product: opened.product(),
        connector: &connector.name,
        status: status_name(session),
        done: session.status() == Status::Done,
        denied: session.status() == Status::Denied,
        popup,
        provider_message,
        again,
        back: back(session),
    };
    html(StatusCode::OK, &page)
}

/// Logins that ended at the vendor: nothing is out of order here, and another may follow.
fn may_be_told(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::UserDenied | Reason::VendorRejected | Reason::ExchangeUnknown | Reason::CodeSpent
    )
}

fn find<'g>(gateway: &'g Gateway, element: Option<&str>) -> Result<&'g Connector, Problem> {
    let found = gateway.catalog().get(element.unwrap_or_default());
    found.map(AsRef::as_ref).ok_or_else(Problem::no_such_connector)
}
