//! `GET` and `POST /connectors/{key}`: what a new instance needs, and on to the vendor's login.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use ferrule_catalog::Connector;
use ferrule_wire::v1::{App, AuthorizeRequest, CreateInstanceRequest, FindAppRequest, GetAppRequest};
use ferrule_wire::{Reason, Refusal, within};

use crate::errors::{ApiError, http_status};
use crate::handlers::EXCHANGE_DEADLINE;
use crate::pages::card::Card;
use crate::pages::connector_form::{FormField, blank, logs_in, mark, typed};
use crate::pages::draft::Draft;
use crate::pages::form::Form;
use crate::pages::leaving;
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::{CatalogueViewer, SignedIn};
use crate::pages::{Problem, html, instance};
use crate::path::Element;
use crate::routes::API;
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "connector.html")]
struct ConnectorPage<'a> {
    shell: Shell,
    card: Card,
    fields: Vec<FormField>,
    wrong: Option<String>,
    submit: String,
    /// Where the user logs in at the vendor: the callback to register there.
    callback: Option<String>,
    /// The client id of the app that the organization stored, which nobody is asked for.
    app: Option<String>,
    docs: Option<&'a str>,
    api_lines: String,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    viewer: CatalogueViewer,
    element: Result<Element, ApiError>,
) -> Result<Response, Problem> {
    let connector = find(&gateway, element)?;
    let app = match &viewer.0 {
        Some(signed_in) => stored_key(&gateway, signed_in, connector).await?,
        None => None,
    };
    let fields = blank(connector, app.is_some());
    Ok(show(
        &gateway,
        connector,
        viewer.shell(Tab::Connectors),
        StatusCode::OK,
        fields,
        app,
        None,
    ))
}

pub(crate) async fn connect(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    element: Result<Element, ApiError>,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let connector = find(&gateway, element)?;
    // What was typed goes before what is stored.
    let app = match form.text("oauth.api.key") {
        Some(_) => None,
        None => stored(&gateway, &signed_in, connector).await?,
    };
    let mut fields = typed(connector, app.is_some(), &form);
    let mut configuration = configuration(&fields, &form);
    if let Err(error) = connector.resolve(&configuration) {
        mark(&mut fields, &error);
    }
    let refused = |fields, words| {
        let shell = signed_in.shell(Tab::Connectors);
        show(
            &gateway,
            connector,
            shell,
            StatusCode::UNPROCESSABLE_ENTITY,
            fields,
            app.as_ref().map(|app| app.api_key.clone()),
            words,
        )
    };
    if fields.iter().any(|field| field.wrong.is_some()) {
        return Ok(refused(fields, None));
    }
    let done = if logs_in(connector) {
        if let Some(app) = app.clone() {
            configuration.insert("oauth.api.key".to_owned(), app.api_key);
            configuration.insert("oauth.api.secret".to_owned(), app.api_secret);
        }
        log_in(&gateway, &signed_in, connector, &headers, &form, configuration).await
    } else {
        create(&gateway, &signed_in, connector, &form, configuration).await
    };
    match done {
        Err(refusal) if http_status(refusal.reason) == StatusCode::BAD_REQUEST => {
            let said = refusal
                .provider_message
                .map(|words| format!(" {} says: {words}", connector.name));
            Ok(refused(fields, Some(refusal.message + &said.unwrap_or_default())))
        }
        done => done.map_err(|refusal| Problem::of_connector(refusal, connector)),
    }
}

async fn log_in(
    gateway: &Gateway,
    signed_in: &SignedIn,
    connector: &Connector,
    headers: &HeaderMap,
    form: &Form,
    mut configuration: BTreeMap<String, String>,
) -> Result<Response, Refusal> {
    let mut take = |key: &str| configuration.remove(key).unwrap_or_default();
    let request = AuthorizeRequest {
        element: connector.key.to_string(),
        organization_id: Some(signed_in.organization()),
        api_key: take("oauth.api.key"),
        api_secret: take("oauth.api.secret"),
        scope: take("oauth.scope"),
        ..AuthorizeRequest::default()
    };
    let request = AuthorizeRequest {
        parameters: configuration,
        ..request
    };
    let draft = Draft::new(
        form.text("name").unwrap_or_default(),
        form.text("tags").unwrap_or_default(),
    );
    leaving::answer(gateway, connector, headers, request, Some(draft)).await
}

/// Nobody logs in anywhere: what was typed is all there is.
async fn create(
    gateway: &Gateway,
    signed_in: &SignedIn,
    connector: &Connector,
    form: &Form,
    configuration: BTreeMap<String, String>,
) -> Result<Response, Refusal> {
    let request = CreateInstanceRequest {
        credentials: Some(signed_in.credentials()),
        element: connector.key.to_string(),
        name: form.text("name").unwrap_or_default().to_owned(),
        tags: form.tags(),
        configuration,
        ..CreateInstanceRequest::default()
    };
    let created = gateway
        .registry()
        .create_instance(within(EXCHANGE_DEADLINE, request))
        .await;
    instance::made(gateway, created.map_err(Refusal::from)?.into_inner().id)
}

/// What was typed, under the names of an instance's configuration; empty fields are left out.
fn configuration(fields: &[FormField], form: &Form) -> BTreeMap<String, String> {
    fields
        .iter()
        .filter(|field| !["name", "tags"].contains(&field.name.as_str()))
        .filter_map(|field| Some((field.name.clone(), form.text(&field.name)?.to_owned())))
        .collect()
}

fn show(
    gateway: &Gateway,
    connector: &Connector,
    shell: Shell,
    status: StatusCode,
    fields: Vec<FormField>,
    app: Option<String>,
    wrong: Option<String>,
) -> Response {
    let (key, public_url) = (&connector.key, &gateway.settings().public_url);
    let logs_in = logs_in(connector);
    let page = ConnectorPage {
        shell,
        card: Card::of(connector),
        fields,
        wrong,
        submit: if logs_in {
            format!("Log in at {}", connector.name)
        } else {
            "Create the instance".to_owned()
        },
        callback: logs_in.then(|| format!("{public_url}/oauth/callback/{key}")),
        app,
        docs: connector.docs.as_deref(),
        api_lines: if logs_in {
            format!("GET  {API}/elements/{key}/oauth/url\nPOST {API}/instances")
        } else {
            format!("POST {API}/instances")
        },
    };
    html(status, &page)
}

/// The client id of the stored app, for whoever looks.
async fn stored_key(
    gateway: &Gateway,
    signed_in: &SignedIn,
    connector: &Connector,
) -> Result<Option<String>, Refusal> {
    let request = GetAppRequest {
        credentials: Some(signed_in.credentials()),
        element: connector.key.to_string(),
    };
    unless_none(gateway.registry().get_app(request).await).map(|app| app.map(|app| app.api_key))
}

/// The stored app, for a login.
async fn stored(
    gateway: &Gateway,
    signed_in: &SignedIn,
    connector: &Connector,
) -> Result<Option<App>, Refusal> {
    let request = FindAppRequest {
        credentials: Some(signed_in.credentials()),
        element: connector.key.to_string(),
        ..FindAppRequest::default()
    };
    unless_none(gateway.registry().find_app(request).await)
}

fn unless_none<T>(found: Result<tonic::Response<T>, tonic::Status>) -> Result<Option<T>, Refusal> {
    match found.map_err(Refusal::from) {
        Ok(found) => Ok(Some(found.into_inner())),
        Err(refusal) if refusal.reason == Reason::AppUnknown => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

fn find(gateway: &Gateway, element: Result<Element, ApiError>) -> Result<&Connector, Problem> {
    let Element(element) = element.map_err(|_| Problem::no_such_connector())?;
    let found = gateway.catalog().get(&element).map(AsRef::as_ref);
    found.ok_or_else(Problem::no_such_connector)
}
