//! `PUT`, `GET` and `DELETE /elements/{keyOrId}/app`: the organization's own app at a vendor, so that nobody has to
//! bring it. Its secret goes in and never comes out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use ferrule_wire::v1::{DeleteAppRequest, GetAppRequest, PutAppRequest, StoredApp};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::auth::{Platform, Presented};
use crate::body;
use crate::errors::ApiError;
use crate::instance_json::date;
use crate::path::Element;
use crate::state::Gateway;

/// The app: client id and client secret.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppBody {
    #[serde(default)]
    api_key: String,
    #[serde(default)]
    api_secret: String,
}

/// The app as it may be shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownApp {
    element: String,
    api_key: String,
    updated_date: String,
}

impl ShownApp {
    fn of(app: StoredApp) -> Json<Self> {
        Json(Self {
            element: app.element,
            api_key: app.api_key,
            updated_date: date(Timestamp::from_microsecond(app.updated_at).unwrap_or_default()),
        })
    }
}

pub(crate) async fn put(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    Element(element): Element,
    body: body::Json<AppBody>,
) -> Result<Json<ShownApp>, ApiError> {
    let request = PutAppRequest {
        credentials: Some(presented.to_wire()),
        element: element.clone(),
        api_key: body.value.api_key,
        api_secret: body.value.api_secret,
    };
    let stored = gateway.registry().put_app(request).await;
    changed(&gateway, presented, &element).await;
    Ok(ShownApp::of(stored?.into_inner()))
}

pub(crate) async fn get(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    Element(element): Element,
) -> Result<Json<ShownApp>, ApiError> {
    let request = GetAppRequest {
        credentials: Some(presented.to_wire()),
        element,
    };
    Ok(ShownApp::of(
        gateway.registry().get_app(request).await?.into_inner(),
    ))
}

pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    Element(element): Element,
) -> Result<StatusCode, ApiError> {
    let request = DeleteAppRequest {
        credentials: Some(presented.to_wire()),
        element: element.clone(),
    };
    let deleted = gateway.registry().delete_app(request).await;
    changed(&gateway, presented, &element).await;
    deleted?;
    Ok(StatusCode::OK)
}

/// Whatever the answer: one that was lost on the way may have been a yes.
async fn changed(gateway: &Gateway, presented: Presented, element: &str) {
    if let Some(connector) = gateway.catalog().get(element) {
        gateway
            .callers()
            .app_changed(presented, connector.key.clone())
            .await;
    }
}
