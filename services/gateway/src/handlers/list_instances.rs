//! `GET /instances` and `GET /elements/{keyOrId}/instances`: the organization's instances, a page at a time.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use ferrule_wire::v1::{GetInstanceRequest, ListInstancesRequest};
use serde_json::Value;

use crate::auth::Presented;
use crate::errors::ApiError;
use crate::instance_json;
use crate::paging::Page;
use crate::path::MaybeElement;
use crate::query::Query;
use crate::state::Gateway;

/// With an Element token, `GET /instances` is that one instance instead.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    MaybeElement(element): MaybeElement,
    headers: HeaderMap,
    query: Query,
) -> Result<Response, ApiError> {
    if element.is_none()
        && let Ok(presented) = Presented::of_instance(&headers)
    {
        let request = GetInstanceRequest {
            credentials: Some(presented.to_wire()),
            id: None,
            element: String::new(),
            show_token: false,
        };
        let instance = gateway.registry().get_instance(request).await?.into_inner();
        return Ok(Json(instance_json::instance(gateway.catalog(), &instance)).into_response());
    }

    let presented = Presented::of_platform(&headers)?;
    let page = Page::from_query(&query)?;
    let tags = [query.all("tags[]"), query.all("tags")].concat();
    let request = ListInstancesRequest {
        credentials: Some(presented.to_wire()),
        tags,
        element: element.unwrap_or_default(),
        search: query.get("searchText").unwrap_or_default().to_owned(),
        page_size: i32::try_from(page.size()).unwrap_or(i32::MAX),
        page_token: page.token().to_owned(),
    };
    let answer = gateway.registry().list_instances(request).await?.into_inner();
    let items: Vec<Value> = answer
        .instances
        .iter()
        .map(|instance| instance_json::instance(gateway.catalog(), instance))
        .collect();
    let next = Some(answer.next_page_token.as_str()).filter(|token| !token.is_empty());
    Ok(page.answer(items.len(), answer.total, next, Json(items)))
}
