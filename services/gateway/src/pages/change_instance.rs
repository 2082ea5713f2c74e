//! `POST /instances/{id}/labels`, `/enable`, `/disable`, `/renew` and `/delete`: what its page changes.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use ferrule_model::InstanceId;
use ferrule_wire::v1::{
    AuthorizeRequest, DeleteInstanceRequest, FindAppRequest, SetEnabledRequest, UpdateInstanceRequest,
};

use crate::pages::draft::Draft;
use crate::pages::form::Form;
use crate::pages::instance::find;
use crate::pages::instance_row::InstanceRow;
use crate::pages::notice::Notice;
use crate::pages::shell::{Shell, Tab};
use crate::pages::signed_in::SignedIn;
use crate::pages::{Problem, html, leaving};
use crate::state::Gateway;

#[derive(Template)]
#[template(path = "delete_instance.html")]
struct Deletion {
    shell: Shell,
    row: InstanceRow,
}

pub(crate) async fn labels(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    let request = UpdateInstanceRequest {
        credentials: Some(signed_in.credentials()),
        id: Some(id.0),
        name: form.text("name").map(str::to_owned),
        tags: form.tags(),
        replace_tags: true,
        ..UpdateInstanceRequest::default()
    };
    gateway.registry().update_instance(request).await?;
    Ok(to(Notice::Saved, id))
}

pub(crate) async fn enable(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    set_enabled(&gateway, &signed_in, number(&id)?, true).await
}

pub(crate) async fn disable(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    set_enabled(&gateway, &signed_in, number(&id)?, false).await
}

async fn set_enabled(
    gateway: &Gateway,
    signed_in: &SignedIn,
    id: InstanceId,
    enabled: bool,
) -> Result<Response, Problem> {
    let request = SetEnabledRequest {
        credentials: Some(signed_in.credentials()),
        id: Some(id.0),
        element: String::new(),
        enabled,
    };
    gateway.registry().set_enabled(request).await?;
    gateway.credentials().changed(id);
    Ok(to(
        if enabled {
            Notice::Enabled
        } else {
            Notice::Disabled
        },
        id,
    ))
}

/// To the vendor's login, with the app that the instance has.
pub(crate) async fn renew(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    let request = FindAppRequest {
        credentials: Some(signed_in.credentials()),
        instance_id: id.0,
        ..FindAppRequest::default()
    };
    let app = gateway.registry().find_app(request).await?.into_inner();
    let connector = gateway
        .catalog()
        .get(&app.element)
        .ok_or_else(Problem::no_such_connector)?;
    let request = AuthorizeRequest {
        element: app.element,
        organization_id: Some(signed_in.organization()),
        api_key: app.api_key,
        api_secret: app.api_secret,
        scope: app.scope,
        parameters: app.parameters,
        ..AuthorizeRequest::default()
    };
    let leaving = leaving::answer(&gateway, connector, &headers, request, Some(Draft::renewal(id))).await;
    leaving.map_err(|refusal| Problem::of_connector(refusal, connector))
}

/// `GET /instances/{id}/delete`: asks once more.
pub(crate) async fn confirm_deletion(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let instance = find(&gateway, &signed_in, &id, false).await?;
    let page = Deletion {
        shell: signed_in.shell(Tab::Instances),
        row: InstanceRow::of(&instance, gateway.catalog()),
    };
    Ok(html(StatusCode::OK, &page))
}

pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = number(&id)?;
    let request = DeleteInstanceRequest {
        credentials: Some(signed_in.credentials()),
        id: id.0,
        element: String::new(),
    };
    let deleted = gateway.registry().delete_instance(request).await;
    // Whatever the answer: one that was lost on the way may have been a yes.
    gateway.credentials().changed(id);
    deleted?;
    Ok(Redirect::to("/instances").into_response())
}

fn to(notice: Notice, id: InstanceId) -> Response {
    Redirect::to(&notice.address(id)).into_response()
}

fn number(id: &str) -> Result<InstanceId, Problem> {
    id.parse()
        .map(InstanceId)
        .map_err(|_| Problem::no_such_instance())
}
