//! `GET /elements` and `/elements/keys`: the catalogue (contract, "Element (connector) catalogue").

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use ferrule_model::OrganizationId;
use serde_json::Value;

use crate::auth::{AuthorizationError, Presented};
use crate::element_json;
use crate::errors::ApiError;
use crate::paging::Page;
use crate::query::Query;
use crate::state::Gateway;

/// Every connector, a page at a time, ordered by key.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    catalogue_caller(&gateway, peer, &headers).await?;
    let page = Page::from_query(&query)?;
    let total = gateway.catalog().iter().count();
    let from = page.offset()?;
    let items: Vec<Value> = gateway
        .catalog()
        .iter()
        .skip(from)
        .take(page.size())
        .map(|connector| element_json::summary(connector))
        .collect();
    let next = from + items.len();
    let next = (next < total).then(|| next.to_string());
    Ok(page.answer(
        items.len(),
        i64::try_from(total).unwrap_or(i64::MAX),
        next.as_deref(),
        Json(items),
    ))
}

/// Every connector's key.
pub(crate) async fn keys(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    catalogue_caller(&gateway, peer, &headers).await?;
    let keys: Vec<&str> = gateway
        .catalog()
        .iter()
        .map(|connector| connector.key.as_str())
        .collect();
    Ok(Json(keys).into_response())
}

/// Who asks the catalogue: a known caller's organization, or nobody known, counted by address.
pub(crate) async fn catalogue_caller(
    gateway: &Gateway,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<Option<OrganizationId>, ApiError> {
    match Presented::from_headers(headers)? {
        Some(presented) => gateway.callers().organization(presented).await.map(Some),
        None if gateway.settings().anonymous_catalogue => {
            gateway.anonymous().count(peer, headers)?;
            Ok(None)
        }
        None => Err(AuthorizationError::Missing.into()),
    }
}
