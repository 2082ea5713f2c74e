//! `POST /oauth/callback/{key}/done`: a login becomes an instance, or renews one.

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use ferrule_model::InstanceId;
use ferrule_wire::v1::{CreateInstanceRequest, ProviderData, UpdateInstanceRequest};
use ferrule_wire::{Refusal, within};

use crate::errors::ApiError;
use crate::handlers::EXCHANGE_DEADLINE;
use crate::pages::cookies::OurCookie;
use crate::pages::form::Form;
use crate::pages::notice::Notice;
use crate::pages::signed_in::SignedIn;
use crate::pages::{Problem, instance};
use crate::path::Element;
use crate::state::Gateway;

/// The same form again gives the same instance.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    signed_in: SignedIn,
    element: Result<Element, ApiError>,
    form: Form,
) -> Result<Response, Problem> {
    let Element(element) = element.map_err(|_| Problem::no_such_connector())?;
    let connector = gateway
        .catalog()
        .get(&element)
        .ok_or_else(Problem::no_such_connector)?;
    let login = ProviderData {
        handshake: form.text("handshake").unwrap_or_default().to_owned(),
        ..ProviderData::default()
    };
    let renewed = form
        .text("instance")
        .and_then(|id| id.parse().ok())
        .map(InstanceId);
    let done = match renewed {
        Some(id) => renew(&gateway, &signed_in, id, login).await,
        None => create(&gateway, &signed_in, &element, &form, login).await,
    };
    let answer = done.map_err(|refusal| Problem::of_connector(refusal, connector))?;
    let forget: HeaderValue = OurCookie::Draft.clear(&gateway.settings().public_url)?;
    Ok((AppendHeaders([(SET_COOKIE, forget)]), answer).into_response())
}

async fn create(
    gateway: &Gateway,
    signed_in: &SignedIn,
    element: &str,
    form: &Form,
    login: ProviderData,
) -> Result<Response, Refusal> {
    let request = CreateInstanceRequest {
        credentials: Some(signed_in.credentials()),
        element: element.to_owned(),
        name: form.text("name").unwrap_or_default().to_owned(),
        tags: form.tags(),
        provider_data: Some(login),
        ..CreateInstanceRequest::default()
    };
    let created = gateway
        .registry()
        .create_instance(within(EXCHANGE_DEADLINE, request))
        .await;
    instance::made(gateway, created.map_err(Refusal::from)?.into_inner().id)
}

async fn renew(
    gateway: &Gateway,
    signed_in: &SignedIn,
    id: InstanceId,
    login: ProviderData,
) -> Result<Response, Refusal> {
    let request = UpdateInstanceRequest {
        credentials: Some(signed_in.credentials()),
        id: Some(id.0),
        provider_data: Some(login),
        ..UpdateInstanceRequest::default()
    };
    let renewed = gateway
        .registry()
        .update_instance(within(EXCHANGE_DEADLINE, request))
        .await;
    renewed.map_err(Refusal::from)?;
    gateway.credentials().changed(id);
    Ok(Redirect::to(&Notice::Renewed.address(id)).into_response())
}
