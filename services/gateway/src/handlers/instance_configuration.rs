//! `/instances/{id}/configuration[/{configId}]` and the id-less forms: an instance's settings, secrets masked.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferrule_catalog::Connector;
use ferrule_model::InstanceId;
use ferrule_wire::v1::{GetInstanceRequest, Instance, UpdateInstanceRequest};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::body;
use crate::element_json::{configuration, configuration_entry, configuration_id};
use crate::errors::ApiError;
use crate::path::ConfigId;
use crate::state::Gateway;
use crate::target::Target;

/// Every entry, as the contract's Config objects with `propertyValue`; those without a value too.
pub(crate) async fn list(
    State(gateway): State<Gateway>,
    target: Target,
) -> Result<Json<Vec<Value>>, ApiError> {
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let entries = keys(connector, &instance)
        .iter()
        .map(|key| entry(connector, &instance, key))
        .collect();
    Ok(Json(entries))
}

/// One entry, by its numeric id.
pub(crate) async fn one(
    State(gateway): State<Gateway>,
    target: Target,
    ConfigId(config_id): ConfigId,
) -> Result<Json<Value>, ApiError> {
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let key = key_of(connector, &instance, config_id)?;
    Ok(Json(entry(connector, &instance, &key)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewValue {
    property_value: Value,
}

/// Gives one entry a new value; the body is the whole Config object, of which `propertyValue` counts.
pub(crate) async fn update(
    State(gateway): State<Gateway>,
    target: Target,
    ConfigId(config_id): ConfigId,
    body: body::Json<NewValue>,
) -> Result<Json<Value>, ApiError> {
    let credentials = target.credentials.clone();
    let (id, element) = (target.id, target.element.clone());
    let instance = read(&gateway, target).await?;
    let connector = gateway.connector(&instance.element_key)?;
    let key = key_of(connector, &instance, config_id)?;
    let change = [(key.clone(), body.value.property_value)].into_iter().collect();
    let request = UpdateInstanceRequest {
        credentials: Some(credentials),
        id,
        element,
        configuration: body::strings("propertyValue", change)?.into_iter().collect(),
        ..UpdateInstanceRequest::default()
    };
    let changed = gateway.registry().update_instance(request).await?.into_inner();
    gateway.credentials().changed(InstanceId(changed.id));
    Ok(Json(entry(connector, &changed, &key)))
}

async fn read(gateway: &Gateway, target: Target) -> Result<Instance, ApiError> {
    let request = GetInstanceRequest {
        credentials: Some(target.credentials),
        id: target.id,
        element: target.element,
        show_token: false,
    };
    Ok(gateway.registry().get_instance(request).await?.into_inner())
}

/// What the connector declares and what the instance was given besides, in order.
fn keys(connector: &Connector, instance: &Instance) -> BTreeSet<String> {
    let declared = configuration(connector);
    declared
        .iter()
        .filter_map(|entry| entry["key"].as_str())
        .map(str::to_owned)
        .chain(instance.configuration.keys().cloned())
        .collect()
}

fn key_of(connector: &Connector, instance: &Instance, id: u32) -> Result<String, ApiError> {
    keys(connector, instance)
        .into_iter()
        .find(|key| configuration_id(connector, key) == id)
        .ok_or_else(|| {
            let message = format!("The instance has no configuration with ID {id}.");
            ApiError::new(StatusCode::NOT_FOUND, message)
        })
}

fn entry(connector: &Connector, instance: &Instance, key: &str) -> Value {
    let mut entry = configuration_entry(connector, key);
    entry["propertyValue"] = json!(instance.configuration.get(key));
    entry
}
