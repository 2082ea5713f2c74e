//! `POST /instances`, alias `POST /elements/{keyOrId}/instances`: a code, a handshake, tokens or keys become an instance.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use ferrule_model::Digest;
use ferrule_wire::v1::CreateInstanceRequest;
use ferrule_wire::within;
use serde_json::{Value, json};

use crate::auth::Platform;
use crate::body;
use crate::errors::ApiError;
use crate::instance_body::InstanceBody;
use crate::instance_json;
use crate::path::MaybeElement;
use crate::state::Gateway;

use super::EXCHANGE_DEADLINE;

const MAX_IDEMPOTENCY_KEY: usize = 256;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    MaybeElement(element): MaybeElement,
    headers: HeaderMap,
    body: body::Json<InstanceBody>,
) -> Result<Json<Value>, ApiError> {
    let body::Json {
        value: mut body,
        bytes,
    } = body;
    let element = element.or_else(|| body.element()).ok_or_else(|| {
        ApiError::bad_request(
            "`element.key` is missing: name the connector, for example {\"element\":{\"key\":\"intercom\"}}.",
        )
    })?;
    let provider_data = body.provider_data()?;
    let code = provider_data.code.clone();
    let request = CreateInstanceRequest {
        credentials: Some(presented.to_wire()),
        element,
        name: body.name()?.unwrap_or_default(),
        tags: body.tags()?.unwrap_or_default(),
        configuration: body.configuration()?.into_iter().collect(),
        provider_data: Some(provider_data),
        idempotency_key: idempotency_key(&headers)?,
        body_digest: Digest::of(&bytes).as_bytes().to_vec(),
        external_authentication: body.external_authentication()?,
    };
    let instance = gateway
        .registry()
        .create_instance(within(EXCHANGE_DEADLINE, request))
        .await?
        .into_inner();
    let mut shown = instance_json::instance(gateway.catalog(), &instance);
    if !code.is_empty() {
        shown["providerData"] = json!({ "code": code });
    }
    Ok(Json(shown))
}

/// The Idempotency-Key header; empty: none.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<String, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(String::new());
    };
    match value.to_str() {
        Ok(key) if (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) => Ok(key.to_owned()),
        _ => Err(ApiError::bad_request(format!(
            "The Idempotency-Key header takes 1 to {MAX_IDEMPOTENCY_KEY} printable characters."
        ))),
    }
}
