//! `GET /elements` and `/elements/keys`: the catalogue (contract, "Element (connector) catalogue").

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::caller::CatalogueCaller;
use crate::element_json;
use crate::errors::ApiError;
use crate::paging::Page;
use crate::query::Query;
use crate::state::Gateway;

/// Every connector, a page at a time, ordered by key.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    query: Query,
) -> Result<Response, ApiError> {
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
pub(crate) async fn keys(State(gateway): State<Gateway>, _: CatalogueCaller) -> Result<Response, ApiError> {
    let keys: Vec<&str> = gateway
        .catalog()
        .iter()
        .map(|connector| connector.key.as_str())
        .collect();
    Ok(Json(keys).into_response())
}
