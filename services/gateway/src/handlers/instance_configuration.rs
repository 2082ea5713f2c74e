//! `/instances/{id}/configuration[/{configId}]` and the id-less forms: an instance's settings, secrets masked.

use axum::Json;
use axum::extract::{Request, State};
use axum::{RequestExt as _, RequestPartsExt as _};
use ferrule_catalog::Connector;
use ferrule_wire::v1::{GetInstanceRequest, Instance, UpdateInstanceRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body;
use crate::element_json::{configuration_entry, configuration_id};
use crate::errors::ApiError;
use crate::state::Gateway;
use crate::target::{Target, path_parameter};

/// Every entry, as the contract's Config objects with `propertyValue`.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    target: Target,
) -> Result<Json<Vec<Value>>, ApiError> {
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let mut keys: Vec<&String> = instance.configuration.keys().collect();
    keys.sort();
    Ok(Json(
        keys.into_iter()
            .map(|key| entry(connector, &instance, key))
            .collect(),
    ))
}

/// One entry, by its numeric id.
pub(crate) async fn one(State(gateway): State<Gateway>, request: Request) -> Result<Json<Value>, ApiError> {
    let (mut parts, _) = request.into_parts();
    let config_id = path_parameter(&mut parts, &gateway, "config_id")
        .await?
        .unwrap_or_default();
    let target: Target = parts.extract().await?;
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let key = key_of(connector, &instance, &config_id)?;
    Ok(Json(entry(connector, &instance, &key)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewValue {
    property_value: Value,
}

/// Gives one entry a new value; the body is the whole Config object, of which `propertyValue` counts.
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    request: Request,
) -> Result<Json<Value>, ApiError> {
    let (mut parts, content) = request.into_parts();
    let config_id = path_parameter(&mut parts, &gateway, "config_id")
        .await?
        .unwrap_or_default();
    let target: Target = parts.extract().await?;
    let body::Json::<NewValue> { value: body, .. } = Request::from_parts(parts, content).extract().await?;

    let credentials = target.credentials.clone();
    let (id, element) = (target.id, target.element.clone());
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let key = key_of(connector, &instance, &config_id)?;
    let change = [(key.clone(), body.property_value)].into_iter().collect();
    let request = UpdateInstanceRequest {
        credentials: Some(credentials),
        id,
        element,
        configuration: body::strings("propertyValue", change)?.into_iter().collect(),
        ..UpdateInstanceRequest::default()
    };
    let changed = gateway.registry().update_instance(request).await?.into_inner();
    Ok(Json(entry(connector, &changed, &key)))
}

async fn read(gateway: &Gateway, target: Target) -> Result<Instance, ApiError> {
    let request = GetInstanceRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
    };
    Ok(gateway.registry().get_instance(request).await?.into_inner())
}

fn key_of(connector: &Connector, instance: &Instance, config_id: &str) -> Result<String, ApiError> {
    let id: u32 = config_id
        .parse()
        .map_err(|_| ApiError::bad_request("The configuration id in the path is not a number."))?;
    let found = instance
        .configuration
        .keys()
        .find(|key| configuration_id(connector, key) == id);
    found.cloned().ok_or_else(|| {
        let message = format!("The instance has no configuration with ID {id}.");
        ApiError::new(axum::http::StatusCode::NOT_FOUND, message)
    })
}

fn entry(connector: &Connector, instance: &Instance, key: &str) -> Value {
    let mut entry = configuration_entry(connector, key);
    entry["propertyValue"] = json!(instance.configuration.get(key));
    entry
}
