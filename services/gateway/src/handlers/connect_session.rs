//! `POST /connect/sessions` and `GET /connect/sessions/{id}`: a link by which a product's customer connects an account,
//! and how it stands.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use ferrule_model::Digest;
use ferrule_oauth::return_url;
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::v1::{ConnectSession, CreateConnectSessionRequest, GetConnectSessionRequest};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};

use super::create_instance::idempotency_key;
use crate::auth::Platform;
use crate::body;
use crate::errors::ApiError;
use crate::instance_json::date;
use crate::state::Gateway;

/// What a link is for. Only `elements` is required.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionBody {
    #[serde(default)]
    elements: Vec<Named>,
    name: Option<String>,
    tags: Option<Vec<String>>,
    end_user_id: Option<String>,
    return_url: Option<String>,
    state: Option<String>,
    expires_in: Option<i64>,
}

/// A connector's key or numeric id.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Key(String),
    Id(i64),
}

/// The link. It is told this once.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Link {
    id: String,
    url: String,
    expires_at: String,
}

/// How a session stands.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: String,
    status: &'static str,
    elements: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    tags: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    end_user_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    state: String,
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_id: Option<i64>,
}

pub(crate) async fn create(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    headers: HeaderMap,
    body: body::Json<SessionBody>,
) -> Result<Json<Link>, ApiError> {
    let body::Json { value: body, bytes } = body;
    let return_url = body.return_url.unwrap_or_default();
    if !return_url.is_empty() {
        return_url::check(&return_url, gateway.settings().return_urls.as_deref())
            .map_err(|problem| ApiError::bad_request(format!("`returnUrl` is refused: {problem}.")))?;
    }
    let secret = gateway.chance().url_token();
    let request = CreateConnectSessionRequest {
        credentials: Some(presented.to_wire()),
        elements: body
            .elements
            .into_iter()
            .map(|named| match named {
                Named::Key(key) => key,
                Named::Id(id) => id.to_string(),
            })
            .collect(),
        name: body.name.unwrap_or_default(),
        tags: body.tags.unwrap_or_default(),
        end_user_id: body.end_user_id.unwrap_or_default(),
        return_url,
        state: body.state.unwrap_or_default(),
        expires_in_seconds: lifetime(body.expires_in)?,
        link: Digest::of(secret.expose_secret()).as_bytes().to_vec(),
        idempotency_key: idempotency_key(&headers)?,
        body_digest: Digest::of(&bytes).as_bytes().to_vec(),
    };
    let session = gateway
        .registry()
        .create_connect_session(request)
        .await?
        .into_inner();
    Ok(Json(Link {
        url: format!(
            "{}/connect/{}",
            gateway.settings().public_url,
            secret.expose_secret()
        ),
        expires_at: time(session.expires_at),
        id: session.id,
    }))
}

pub(crate) async fn get(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    Path(id): Path<String>,
) -> Result<Json<Shown>, ApiError> {
    let request = GetConnectSessionRequest {
        credentials: Some(presented.to_wire()),
        id,
    };
    let session = gateway
        .registry()
        .get_connect_session(request)
        .await?
        .into_inner();
    Ok(Json(Shown {
        status: status_name(&session),
        expires_at: time(session.expires_at),
        id: session.id,
        elements: session.elements,
        name: session.name,
        tags: session.tags,
        end_user_id: session.end_user_id,
        state: session.state,
        instance_id: session.instance_id,
    }))
}

/// How a session stands, as products read it.
pub(crate) fn status_name(session: &ConnectSession) -> &'static str {
    match session.status() {
        Status::Done => "done",
        Status::Denied => "denied",
        Status::Failed => "failed",
        Status::Expired => "expired",
        Status::Open | Status::Unspecified => "open",
    }
}

/// 0 stands for the usual time, and is not asked for by anybody.
fn lifetime(given: Option<i64>) -> Result<i64, ApiError> {
    match given {
        Some(seconds) if seconds < 1 => Err(ApiError::bad_request("`expiresIn` takes 60 to 604800 seconds.")),
        given => Ok(given.unwrap_or_default()),
    }
}

fn time(micros: i64) -> String {
    date(Timestamp::from_microsecond(micros).unwrap_or_default())
}
