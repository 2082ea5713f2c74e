//! `GET` and `POST /elements/{keyOrId}/oauth/url`: the vendor's login URL (contract, "oauth/url in detail").

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use ferrule_wire::v1::AuthorizeRequest;
use serde::Serialize;
use serde_json::Value;

use crate::body;
use crate::caller::{LoginCaller, VendorApp};
use crate::errors::ApiError;
use crate::path::Element;
use crate::query::Query;
use crate::state::Gateway;

#[derive(Serialize)]
pub(crate) struct OauthUrl {
    #[serde(rename = "oauthUrl")]
    url: String,
    element: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

/// Parameters in the query.
pub(crate) async fn by_query(
    State(gateway): State<Gateway>,
    caller: LoginCaller,
    Element(element): Element,
    query: Query,
) -> Result<Json<OauthUrl>, ApiError> {
    oauth_url(&gateway, caller, element, query.into_map()).await
}

/// Parameters in a JSON body, over those of the query.
pub(crate) async fn by_body(
    State(gateway): State<Gateway>,
    caller: LoginCaller,
    Element(element): Element,
    query: Query,
    body: body::Json<BTreeMap<String, Value>>,
) -> Result<Json<OauthUrl>, ApiError> {
    let mut parameters = query.into_map();
    parameters.extend(body::strings("body", body.value)?);
    oauth_url(&gateway, caller, element, parameters).await
}

async fn oauth_url(
    gateway: &Gateway,
    caller: LoginCaller,
    element: String,
    mut parameters: BTreeMap<String, String>,
) -> Result<Json<OauthUrl>, ApiError> {
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let (api_key, api_secret) = VendorApp::in_place_of(caller.app, take("apiKey"), take("apiSecret"));
    let request = AuthorizeRequest {
        element,
        organization_id: caller.organization.map(|id| id.0),
        api_key,
        api_secret,
        callback_url: take("callbackUrl"),
        scope: take("scope"),
        state: take("state"),
        return_url: take("returnUrl"),
        pkce: take("pkce").eq_ignore_ascii_case("true"),
        request_token: take("requestToken"),
        ..AuthorizeRequest::default()
    };
    let request = AuthorizeRequest {
        parameters,
        ..request
    };
    let answer = gateway.broker().authorize(request).await?.into_inner();
    Ok(Json(OauthUrl {
        url: answer.oauth_url,
        element: answer.element,
        state: answer.state,
    }))
}
