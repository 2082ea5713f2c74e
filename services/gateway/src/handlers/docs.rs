//! `GET /elements/{keyOrId}/docs`, `/instances/{id}/docs` and `/instances/docs`: what an instance can be asked.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ferrule_wire::v1::GetInstanceRequest;

use crate::caller::CatalogueCaller;
use crate::errors::ApiError;
use crate::etag;
use crate::openapi;
use crate::path::Element;
use crate::state::Gateway;
use crate::target::Target;

pub(crate) async fn of_element(
    State(gateway): State<Gateway>,
    _: CatalogueCaller,
    Element(element): Element,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&gateway, &element, &headers)
}

pub(crate) async fn of_instance(
    State(gateway): State<Gateway>,
    target: Target,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let request = GetInstanceRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
        show_token: false,
    };
    let instance = gateway.registry().get_instance(request).await?.into_inner();
    answer(&gateway, &instance.element_key, &headers)
}

fn answer(gateway: &Gateway, element: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let connector = gateway.connector(element)?;
    etag::json(
        headers,
        &openapi::document(connector, &gateway.settings().public_url),
    )
}
