//! `GET /elements` and `/elements/keys`: the catalogue (contract, "Element (connector) catalogue").

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ferrule_catalog::Connector;
use serde_json::Value;

use crate::caller::CatalogueCaller;
use crate::ceql::Conditions;
use crate::element_json;
use crate::errors::ApiError;
use crate::etag;
use crate::paging::Page;
use crate::query::Query;
use crate::state::Gateway;

/// Connectors that the query's `where`, `hub`, `key` and `searchText` all fit, a page at a time, ordered by key.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let page = Page::from_query(&query)?;
    let wanted = Wanted::from_query(&query)?;
    let found: Vec<&Connector> = gateway
        .catalog()
        .iter()
        .map(AsRef::as_ref)
        .filter(|connector| wanted.fits(connector))
        .collect();
    let from = page.offset()?;
    let items: Vec<Value> = found
        .iter()
        .skip(from)
        .take(page.size())
        .map(|connector| element_json::summary(connector))
        .collect();
    let next = from.saturating_add(items.len());
    let next = (next < found.len()).then(|| next.to_string());
    let body = etag::json(&headers, &items)?;
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    Ok(page.answer(items.len(), total, next.as_deref(), body))
}

/// Every connector's key.
pub(crate) async fn keys(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let keys: Vec<&str> = gateway
        .catalog()
        .iter()
        .map(|connector| connector.key.as_str())
        .collect();
    etag::json(&headers, &keys)
}

/// Which connectors a query asks for.
struct Wanted<'q> {
    conditions: Conditions,
    hub: Option<&'q str>,
    key: Option<&'q str>,
    /// In lower case.
    text: Option<String>,
}

impl<'q> Wanted<'q> {
    fn from_query(query: &'q Query) -> Result<Self, ApiError> {
        let conditions = query
            .get("where")
            .map(|text| Conditions::parse(text, &["key", "hub", "name"]));
        Ok(Self {
            conditions: conditions.transpose()?.unwrap_or_default(),
            hub: query.get("hub"),
            key: query.get("key"),
            text: query.get("searchText").map(str::to_lowercase),
        })
    }

    fn fits(&self, connector: &Connector) -> bool {
        let key = connector.key.as_str();
        let of_field = |field: &str| match field {
            "key" => key,
            "hub" => connector.hub.as_str(),
            _ => connector.name.as_str(),
        };
        let holds_text = |text: &String| {
            let texts = [key, &connector.name, &connector.description];
            texts.iter().any(|held| held.to_lowercase().contains(text))
        };
        self.conditions.hold(of_field)
            && self.hub.is_none_or(|hub| hub == connector.hub)
            && self.key.is_none_or(|wanted| wanted == key)
            && self.text.as_ref().is_none_or(holds_text)
    }
}
