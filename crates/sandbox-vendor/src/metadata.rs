//! `GET /.well-known/oauth-authorization-server`: the vendor described for machines (RFC 8414).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::grant::SCOPE;
use crate::vendor::Vendor;

pub(crate) async fn metadata(State(vendor): State<Arc<Vendor>>) -> Json<Value> {
    let settings = &vendor.settings;
    let client_auth = ["client_secret_basic", "client_secret_post"];
    Json(json!({
        "issuer": settings.issuer,
        "authorization_endpoint": settings.endpoint("/authorize"),
        "token_endpoint": settings.endpoint("/token"),
        "revocation_endpoint": settings.endpoint("/revoke"),
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": client_auth,
        "revocation_endpoint_auth_methods_supported": client_auth,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    }))
}
