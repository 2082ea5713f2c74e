//! `GET` and `POST /instances/{id}/console`: what an instance can be asked, tried out.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use ferrule_model::InstanceId;
use tracing::Span;

use crate::credentials::Asker;
use crate::errors::ApiError;
use crate::openapi;
use crate::pages::console_answer::ConsoleAnswer;
use crate::pages::console_call::{ConsoleCall, INSTANCE, METHODS};
use crate::pages::form::Form;
use crate::pages::instance::find;
use crate::pages::instance_row::InstanceRow;
use crate::pages::operation::{self, Operation, operations};
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::SignedIn;
use crate::pages::{Problem, html};
use crate::proxy::{self, Way};
use crate::query::Query;
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "console.html")]
struct Console<'a> {
    shell: Shell,
    row: InstanceRow,
    operations: Vec<Operation>,
    /// The one that is tried; absent: a path of one's own.
    chosen: Option<Operation>,
    form: Option<&'a Form>,
    methods: [&'static str; 5],
    curl: String,
    answer: Option<ConsoleAnswer>,
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    show(&gateway, &signed_in, &id, query.get("operation"), None).await
}

/// Makes the call, as the session's user, and shows what came of it beside what was typed.
pub(crate) async fn call(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let operation = form.0.get("operation").unwrap_or_default();
    show(&gateway, &signed_in, &id, Some(operation), Some(&form)).await
}

async fn show(
    gateway: &Gateway,
    signed_in: &SignedIn,
    id: &str,
    operation: Option<&str>,
    form: Option<&Form>,
) -> Result<Response, Problem> {
    let instance = find(gateway, signed_in, id, false).await?;
    let connector = gateway.catalog().get(&instance.element_key);
    let connector = connector.ok_or_else(Problem::no_such_connector)?;
    let public_url = &gateway.settings().public_url;
    let operations = operations(&openapi::document(connector, public_url));
    let chosen = match operation {
        Some(wanted) => operations.iter().find(|one| one.id == wanted),
        None => operation::first(&operations),
    };
    let call = match (chosen, form) {
        (Some(operation), form) => ConsoleCall::of(operation, form),
        (None, Some(form)) => ConsoleCall::of_path(&connector.hub, form),
        (None, None) => ConsoleCall::nowhere(&connector.hub),
    };
    let answer = match form {
        Some(_) => Some(made(gateway, signed_in.asker(InstanceId(instance.id)), &call).await),
        None => None,
    };
    let page = Console {
        shell: signed_in.shell(Tab::Instances),
        row: InstanceRow::of(&instance, gateway.catalog()),
        chosen: chosen.cloned(),
        form,
        methods: METHODS,
        curl: call.curl(public_url, INSTANCE),
        answer,
        operations,
    };
    Ok(html(StatusCode::OK, &page))
}

/// The call, by the way that every call through an instance goes.
pub(crate) async fn made(gateway: &Gateway, asker: Asker, call: &ConsoleCall) -> ConsoleAnswer {
    let Some(request) = call.request() else {
        return ConsoleAnswer::not_made(
            "This is no path: leave spaces and other signs out, or write them as %20.",
        );
    };
    let way = if request.uri().path().contains("/hubs/") {
        Way::Hub
    } else {
        Way::Declared
    };
    let began = std::time::Instant::now();
    let response = proxy::answer_to(gateway, asker, request, way, Span::current).await;
    ConsoleAnswer::read(response, began).await
}

impl Console<'_> {
    /// What was typed into a field.
    fn field(&self, name: impl AsRef<str>) -> &str {
        let typed = self.form.and_then(|form| form.text(name.as_ref()));
        typed.unwrap_or_default()
    }

    fn is_chosen(&self, operation: &Operation) -> bool {
        self.chosen
            .as_ref()
            .is_some_and(|chosen| chosen.id == operation.id)
    }
}
