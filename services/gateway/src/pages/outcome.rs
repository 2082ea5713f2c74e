//! `GET /oauth/callback/{key}/done`: what became of a login that has no `returnUrl` to go back to.

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_wire::v1::find_outcome_response::Stage;
use ferrule_wire::v1::{FindOutcomeRequest, FindOutcomeResponse};

use crate::errors::ApiError;
use crate::pages::draft::Draft;
use crate::pages::signed_in::MaybeSignedIn;
use crate::pages::{Problem, html};
use crate::path::Element;
use crate::query::Query;
use crate::routes::API;
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "outcome.html")]
struct Outcome<'a> {
    connector: &'a str,
    key: &'a str,
    api: String,
    handshake: &'a str,
    stage: Stage,
    answer: &'a FindOutcomeResponse,
    signed_in: bool,
    /// The last step, for a browser that may take it here; absent: it is taken by the API.
    last_step: Option<LastStep>,
}

struct LastStep {
    draft: Draft,
    /// The login began in this browser, and what it is for was typed then.
    goes_on: bool,
}

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    MaybeSignedIn(viewer): MaybeSignedIn,
    element: Result<Element, ApiError>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let Element(element) = element.map_err(|_| Problem::no_such_connector())?;
    let query = Query::parse(query.as_deref().unwrap_or_default()).unwrap_or_default();
    let handshake = query.get("handshake").unwrap_or_default();
    let request = FindOutcomeRequest {
        element: element.clone(),
        handshake: handshake.to_owned(),
    };
    let answer = gateway.broker().find_outcome(request).await?.into_inner();
    let connector = gateway
        .catalog()
        .get(&element)
        .ok_or_else(Problem::no_such_connector)?;
    let public_url = &gateway.settings().public_url;
    let typed = Draft::of(handshake, &headers, public_url);
    let last_step = viewer.as_ref().map(|_| LastStep {
        goes_on: typed.is_some(),
        draft: typed.unwrap_or_else(|| Draft::new(&format!("My {}", connector.name), "")),
    });
    let page = Outcome {
        connector: &connector.name,
        key: connector.key.as_str(),
        api: format!("{public_url}{API}"),
        handshake,
        stage: answer.stage(),
        answer: &answer,
        signed_in: viewer.is_some(),
        last_step,
    };
    Ok(html(StatusCode::OK, &page).into_response())
}
