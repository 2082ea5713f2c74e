//! `GET /instances/{id}`: one instance, what it is good for, and how it is. `POST …/token` shows its token,
//! `POST …/ping` tries it.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use ferrule_catalog::Connector;
use ferrule_model::InstanceId;
use ferrule_wire::Refusal;
use ferrule_wire::v1::{GetInstanceRequest, Instance, ReadAuditRequest};

use crate::errors::ApiError;
use crate::openapi;
use crate::pages::card::Card;
use crate::pages::connector_form::logs_in;
use crate::pages::console;
use crate::pages::console_call::{ConsoleCall, INSTANCE};
use crate::pages::cookies::OurCookie;
use crate::pages::event::Event;
use crate::pages::instance_row::InstanceRow;
use crate::pages::moment::Moment;
use crate::pages::notice::Notice;
use crate::pages::operation::{self, operations};
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::SignedIn;
use crate::pages::{Problem, html};
use crate::query::Query;
use crate::state::Gateway;

/// How long after it was made an instance shows its token by itself, once.
const MADE: Duration = Duration::from_mins(2);

/// How many of the latest events its page shows.
const EVENTS: i32 = 12;

#[derive(Template)]
#[template(path = "instance.html")]
struct InstancePage<'a> {
    shell: Shell,
    card: Card,
    row: InstanceRow,
    said: Option<Said>,
    token: Option<&'a str>,
    curl: String,
    logs_in: bool,
    pings: bool,
    has_api: bool,
    health: Health<'a>,
    configuration: Vec<(&'a str, &'a str)>,
    events: Vec<Event>,
}

/// What has just been done, or found out.
struct Said {
    good: bool,
    words: String,
}

/// How its login is.
struct Health<'a> {
    /// When the vendor gave the access token.
    renewed: Option<Moment>,
    /// When that ends.
    ends: Option<Moment>,
    failed_renewals: i32,
    /// What the vendor said when it refused; empty: nothing.
    vendors_words: &'a str,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let public_url = &gateway.settings().public_url;
    let is_new = OurCookie::Made
        .read(&headers, public_url)
        .is_some_and(|made| made == id);
    let instance = find(&gateway, &signed_in, &id, is_new).await?;
    let notice = query
        .ok()
        .and_then(|query| query.get("done").and_then(Notice::named));
    let said = notice.map(|notice| Said {
        good: true,
        words: notice.words().to_owned(),
    });
    let page = show(&gateway, &signed_in, &instance, said).await?;
    if is_new {
        let shown = OurCookie::Made.clear(public_url)?;
        return Ok((AppendHeaders([(SET_COOKIE, shown)]), page).into_response());
    }
    Ok(page)
}

/// The same page with the token in it.
pub(crate) async fn with_token(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let instance = find(&gateway, &signed_in, &id, true).await?;
    show(&gateway, &signed_in, &instance, None).await
}

/// `POST …/ping`: asks the vendor, and says what came of it on the same page.
pub(crate) async fn tested(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let instance = find(&gateway, &signed_in, &id, false).await?;
    let asker = signed_in.asker(InstanceId(instance.id));
    let answer = console::made(&gateway, asker, &ConsoleCall::ping()).await;
    let words = if answer.good {
        format!(
            "The connection works: the vendor answered within {} ms.",
            answer.milliseconds
        )
    } else {
        format!(
            "The connection does not work. {}",
            answer.remark.unwrap_or(answer.status)
        )
    };
    let said = Said {
        good: answer.good,
        words,
    };
    // What the vendor said may have changed how the instance is.
    let instance = find(&gateway, &signed_in, &id, false).await?;
    show(&gateway, &signed_in, &instance, Some(said)).await
}

/// To the page of an instance that was made just now, which shows its token this once.
pub(crate) fn made(gateway: &Gateway, id: i64) -> Result<Response, Refusal> {
    let cookie = OurCookie::Made.set(&gateway.settings().public_url, &id.to_string(), MADE)?;
    let to = Redirect::to(&format!("/instances/{id}"));
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), to).into_response())
}

/// The instance that a path names.
pub(crate) async fn find(
    gateway: &Gateway,
    signed_in: &SignedIn,
    id: &str,
    show_token: bool,
) -> Result<Instance, Problem> {
    let request = GetInstanceRequest {
        credentials: Some(signed_in.credentials()),
        id: Some(id.parse().map_err(|_| Problem::no_such_instance())?),
        element: String::new(),
        show_token,
    };
    Ok(gateway.registry().get_instance(request).await?.into_inner())
}

async fn show(
    gateway: &Gateway,
    signed_in: &SignedIn,
    instance: &Instance,
    said: Option<Said>,
) -> Result<Response, Problem> {
    let request = ReadAuditRequest {
        credentials: Some(signed_in.credentials()),
        id: Some(instance.id),
        page_size: EVENTS,
        page_token: String::new(),
    };
    let audit = gateway.registry().read_audit(request).await?.into_inner();
    let connector = gateway.catalog().get(&instance.element_key).map(AsRef::as_ref);
    let api = connector.and_then(|connector| connector.api.as_ref());
    let now = gateway.clock().now();
    let token = Some(instance.token.as_str()).filter(|token| !token.is_empty());
    let configuration = instance.configuration.iter();
    let page = InstancePage {
        shell: signed_in.shell(Tab::Instances),
        card: connector.map_or_else(|| Card::unknown(&instance.element_key), Card::of),
        row: InstanceRow::of(instance, gateway.catalog()),
        said,
        token,
        curl: curl(&gateway.settings().public_url, connector),
        logs_in: connector.is_some_and(logs_in),
        pings: api.is_some_and(|api| api.ping.is_some()),
        has_api: api.is_some(),
        health: Health {
            renewed: instance.renewed_at.map(|at| Moment::of(at, now)),
            ends: instance.expires_at.map(|at| Moment::of(at, now)),
            failed_renewals: instance.failed_renewals,
            vendors_words: &instance.provider_message,
        },
        configuration: configuration
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        events: audit.entries.iter().map(|entry| Event::of(entry, now)).collect(),
    };
    Ok(html(StatusCode::OK, &page))
}

/// A first call through the instance, for a terminal.
fn curl(public_url: &str, connector: Option<&Connector>) -> String {
    let all = connector.map_or_else(Vec::new, |connector| {
        operations(&openapi::document(connector, public_url))
    });
    let call = match operation::first(&all) {
        Some(first) => ConsoleCall::of(first, None),
        None => ConsoleCall::nowhere("general"),
    };
    call.curl(public_url, INSTANCE)
}
