//! `GET` and `POST /elements/{keyOrId}/oauth/url`: the vendor's login URL (contract, "oauth/url in detail").

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use ferrule_wire::v1::AuthorizeRequest;
use serde::Serialize;
use serde_json::Value;

use crate::body;
use crate::errors::ApiError;
use crate::handlers::list_elements::catalogue_caller;
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
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(element): Path<String>,
    headers: HeaderMap,
    query: Query,
) -> Result<Json<OauthUrl>, ApiError> {
    oauth_url(&gateway, peer, &headers, element, query.into_map()).await
}

/// Parameters in a JSON body, over those of the query.
pub(crate) async fn by_body(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(element): Path<String>,
    headers: HeaderMap,
    query: Query,
    body: body::Json<BTreeMap<String, Value>>,
) -> Result<Json<OauthUrl>, ApiError> {
    let mut parameters = query.into_map();
    parameters.extend(body::strings("body", body.value)?);
    oauth_url(&gateway, peer, &headers, element, parameters).await
}

async fn oauth_url(
    gateway: &Gateway,
    peer: SocketAddr,
    headers: &HeaderMap,
    element: String,
    mut parameters: BTreeMap<String, String>,
) -> Result<Json<OauthUrl>, ApiError> {
    let organization = catalogue_caller(gateway, peer, headers).await?;
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let request = AuthorizeRequest {
        element,
        organization_id: organization.map(|id| id.0),
        api_key: take("apiKey"),
        api_secret: take("apiSecret"),
        callback_url: take("callbackUrl"),
        scope: take("scope"),
        state: take("state"),
        return_url: take("returnUrl"),
        pkce: take("pkce").eq_ignore_ascii_case("true"),
        parameters: BTreeMap::new(),
        browser_binding: Vec::new(),
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
