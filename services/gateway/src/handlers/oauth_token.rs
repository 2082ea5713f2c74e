//! `GET /elements/{keyOrId}/oauth/token`: OAuth 1.0a's temporary token and its secret, for a login on the caller's
//! own callback (contract, "oauth/url in detail").

use axum::Json;
use axum::extract::State;
use ferrule_wire::v1::RequestTokenRequest;
use serde::Serialize;

use crate::caller::{LoginCaller, VendorApp};
use crate::errors::ApiError;
use crate::path::Element;
use crate::query::Query;
use crate::state::Gateway;

#[derive(Serialize)]
pub(crate) struct RequestToken {
    token: String,
    secret: String,
}

/// The caller goes on to `oauth/url` with the token as `requestToken`, and keeps the secret for `POST /instances`.
pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    caller: LoginCaller,
    Element(element): Element,
    query: Query,
) -> Result<Json<RequestToken>, ApiError> {
    let mut parameters = query.into_map();
    let mut take = |name: &str| parameters.remove(name).unwrap_or_default();
    let (api_key, api_secret) = VendorApp::in_place_of(caller.app, take("apiKey"), take("apiSecret"));
    let request = RequestTokenRequest {
        element,
        api_key,
        api_secret,
        callback_url: take("callbackUrl"),
        ..RequestTokenRequest::default()
    };
    let request = RequestTokenRequest {
        parameters,
        ..request
    };
    let answer = gateway.broker().request_token(request).await?.into_inner();
    Ok(Json(RequestToken {
        token: answer.token,
        secret: answer.secret,
    }))
}
