//! `GET` and `POST /connect/{link}`: names the product, the connector and what is asked, and goes on to the login.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ferrule_catalog::Connector;
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::v1::{AuthorizeRequest, FinishConnectRequest};
use ferrule_wire::{Refusal, within};

use super::{Link, Opened, back, finish};
use crate::errors::{ApiError, http_status};
use crate::handlers::EXCHANGE_DEADLINE;
use crate::pages::card::Card;
use crate::pages::connector_form::{FormField, blank, logs_in, mark, typed};
use crate::pages::form::Form;
use crate::pages::{Problem, html, leaving};
use crate::query::Query;
use crate::state::Gateway;

/// What nobody asks a customer: the product chose it.
const CHOSEN: [&str; 3] = ["name", "tags", "oauth.scope"];

/// One connector, before its login.
#[derive(Template)]
#[template(path = "connect_link.html")]
struct LinkPage<'a> {
    product: &'a str,
    card: Card,
    /// The page's own path.
    here: String,
    popup: bool,
    logs_in: bool,
    scopes: Vec<String>,
    fields: Vec<FormField>,
    wrong: Option<String>,
    /// What became of the last login.
    notice: Option<&'static str>,
    /// Where another connector is chosen; absent: there is none.
    others: Option<String>,
}

/// Several connectors, none chosen yet.
#[derive(Template)]
#[template(path = "connect_choice.html")]
struct ChoicePage<'a> {
    product: &'a str,
    here: String,
    popup: bool,
    cards: Vec<Card>,
}

/// A link that made its instance, or whose time is over.
#[derive(Template)]
#[template(path = "connect_over.html")]
struct OverPage<'a> {
    product: &'a str,
    done: bool,
    back: Option<String>,
}

/// Consumes nothing: whoever shows a preview of a link opens it too.
pub(crate) async fn page(
    State(gateway): State<Gateway>,
    link: Link,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let opened = link.open(&gateway, "").await?;
    let query = query.unwrap_or_default();
    let popup = query.get("popup").is_some();
    if let Some(over) = over(&opened) {
        return Ok(over);
    }
    let connectors = opened.connectors(&gateway);
    let chosen = query.get("element");
    let chosen = connectors
        .iter()
        .find(|connector| chosen == Some(connector.key.as_str()))
        .or_else(|| connectors.first().filter(|_| connectors.len() == 1));
    if let Some(connector) = chosen {
        let fields = fields(connector);
        return Ok(show(
            &link,
            &opened,
            connector,
            popup,
            StatusCode::OK,
            fields,
            None,
        ));
    }
    let page = ChoicePage {
        product: opened.product(),
        here: link.path(),
        popup,
        cards: connectors.into_iter().map(Card::of).collect(),
    };
    Ok(html(StatusCode::OK, &page))
}

pub(crate) async fn begin(
    State(gateway): State<Gateway>,
    link: Link,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let element = form.text("element").unwrap_or_default();
    let connector = gateway
        .catalog()
        .get(element)
        .ok_or_else(Problem::no_such_connector)?;
    let popup = form.text("popup").is_some();
    let opened = link.open(&gateway, connector.key.as_str()).await?;
    let mut typed = typed(connector, logs_in(connector), &form);
    typed.retain(|field| !CHOSEN.contains(&field.name.as_str()));
    let mut configuration: BTreeMap<String, String> = typed
        .iter()
        .filter_map(|field| Some((field.name.clone(), form.text(&field.name)?.to_owned())))
        .collect();
    if let Err(error) = connector.resolve(&configuration) {
        mark(&mut typed, &error);
    }
    let refused = |fields, words| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        show(&link, &opened, connector, popup, status, fields, words)
    };
    if typed.iter().any(|field| field.wrong.is_some()) {
        return Ok(refused(typed, None));
    }
    let done = if logs_in(connector) {
        let app = opened.link.app.clone().unwrap_or_default();
        let sign = if popup { "&popup=1" } else { "" };
        let public_url = &gateway.settings().public_url;
        let request = AuthorizeRequest {
            element: connector.key.to_string(),
            organization_id: Some(opened.link.organization_id),
            api_key: app.api_key,
            api_secret: app.api_secret,
            return_url: format!("{public_url}{}/done?element={}{sign}", link.path(), connector.key),
            connect_session: opened.session.id.clone(),
            parameters: std::mem::take(&mut configuration),
            ..AuthorizeRequest::default()
        };
        leaving::answer(&gateway, connector, &headers, request, None).await
    } else {
        create(&gateway, &link, connector, configuration, popup).await
    };
    match done {
        Err(refusal) if http_status(refusal.reason) == StatusCode::BAD_REQUEST => {
            Ok(refused(typed, Some(refusal.message)))
        }
        done => done.map_err(|refusal| Problem::from(refusal).with_way_on(link.path(), "Try again")),
    }
}

/// Nobody logs in anywhere: what was typed is all there is.
async fn create(
    gateway: &Gateway,
    link: &Link,
    connector: &Connector,
    configuration: BTreeMap<String, String>,
    popup: bool,
) -> Result<Response, Refusal> {
    let request = FinishConnectRequest {
        link: link.digest(),
        element: connector.key.to_string(),
        configuration,
        ..FinishConnectRequest::default()
    };
    let done = gateway
        .registry()
        .finish_connect(within(EXCHANGE_DEADLINE, request))
        .await;
    let session = done.map_err(Refusal::from)?.into_inner();
    let opened = link.open(gateway, "").await?;
    Ok(finish::ended(&opened, &session, connector, popup, None, None))
}

fn fields(connector: &Connector) -> Vec<FormField> {
    let mut fields = blank(connector, logs_in(connector));
    fields.retain(|field| !CHOSEN.contains(&field.name.as_str()));
    fields
}

/// The page of a link by which nothing can be connected any more.
fn over(opened: &Opened) -> Option<Response> {
    let done = match opened.session.status() {
        Status::Done => true,
        Status::Expired => false,
        _ => return None,
    };
    let page = OverPage {
        product: opened.product(),
        done,
        back: back(&opened.session),
    };
    Some(html(StatusCode::GONE, &page))
}

fn show(
    link: &Link,
    opened: &Opened,
    connector: &Connector,
    popup: bool,
    status: StatusCode,
    fields: Vec<FormField>,
    wrong: Option<String>,
) -> Response {
    let scopes = connector.oauth2().ok().map(|oauth2| oauth2.tokens.scopes.clone());
    let page = LinkPage {
        product: opened.product(),
        card: Card::of(connector),
        here: link.path(),
        popup,
        logs_in: logs_in(connector),
        scopes: scopes.unwrap_or_default(),
        fields,
        wrong,
        notice: matches!(opened.session.status(), Status::Denied | Status::Failed)
            .then_some("The last login connected nothing. You can try again."),
        others: (opened.session.elements.len() > 1)
            .then(|| format!("{}{}", link.path(), if popup { "?popup=1" } else { "" })),
    };
    html(status, &page)
}
