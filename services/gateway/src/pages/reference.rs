//! `GET /docs`: every call of Ferrule's own API, tried out; `GET /docs/openapi.json`: the document that it is read from.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::errors::ApiError;
use crate::openapi::own;
use crate::pages::console_call::ConsoleCall;
use crate::pages::form::Form;
use crate::pages::operation::{Operation, operations};
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::MaybeSignedIn;
use crate::pages::{Problem, html};
use crate::query::Query;
use crate::routes::API;
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "reference.html")]
struct Reference {
    shell: Shell,
    base: String,
    /// What is looked for; empty: everything.
    text: String,
    /// Each with what it is about, where that is another thing than before.
    found: Vec<(Option<String>, Operation)>,
    chosen: Operation,
    typed: Form,
    curl: String,
}

pub(crate) async fn document(State(gateway): State<Gateway>) -> impl IntoResponse {
    Json(own::document(&gateway.settings().public_url))
}

pub(crate) async fn page(
    State(gateway): State<Gateway>,
    MaybeSignedIn(viewer): MaybeSignedIn,
    query: Result<Query, ApiError>,
) -> Result<Response, Problem> {
    let typed = Form(query.unwrap_or_default());
    let public_url = &gateway.settings().public_url;
    let all = operations(&own::document(public_url));
    let text = typed.text("q").unwrap_or_default().to_lowercase();
    let fits = |operation: &&Operation| {
        let words = [&operation.method, &operation.path, &operation.summary];
        words.iter().any(|word| word.to_lowercase().contains(&text))
    };
    let found: Vec<Operation> = all.iter().filter(fits).cloned().collect();
    let first = found.first().or(all.first());
    let wanted = typed
        .text("operation")
        .and_then(|id| all.iter().find(|one| one.id == id));
    let chosen = wanted.or(first).cloned().unwrap_or_default();
    let page = Reference {
        shell: viewer
            .as_ref()
            .map_or_else(|| Shell::new(Tab::Docs, None), |viewer| viewer.shell(Tab::Docs)),
        base: format!("{public_url}{API}"),
        curl: ConsoleCall::of(&chosen, Some(&typed)).curl(public_url, chosen.authorization),
        text: typed.text("q").unwrap_or_default().to_owned(),
        found: grouped(found),
        chosen,
        typed,
    };
    Ok(html(StatusCode::OK, &page))
}

fn grouped(operations: Vec<Operation>) -> Vec<(Option<String>, Operation)> {
    let mut last = String::new();
    let mut group = |operation: &Operation| {
        let begins = operation.tag != last;
        last.clone_from(&operation.tag);
        begins.then(|| last.clone())
    };
    operations
        .into_iter()
        .map(|operation| (group(&operation), operation))
        .collect()
}

impl Reference {
    fn field(&self, name: impl AsRef<str>) -> &str {
        self.typed.text(name.as_ref()).unwrap_or_default()
    }

    fn is_chosen(&self, operation: &Operation) -> bool {
        self.chosen.id == operation.id
    }

    fn needs_organization(&self) -> bool {
        self.chosen.authorization.contains("Organization")
    }
}
