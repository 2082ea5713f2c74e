//! `PUT`, `GET` and `DELETE /connect/origin`: the one origin that may embed the organization's connect links, and is
//! told how they end.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use ferrule_wire::v1::{DeleteConnectOriginRequest, GetConnectOriginRequest, PutConnectOriginRequest};
use serde::{Deserialize, Serialize};

use crate::auth::Platform;
use crate::body;
use crate::errors::ApiError;
use crate::state::Gateway;

/// Longer than any host's name with scheme and port (RFC 1035 section 2.3.4).
const LONGEST: usize = 270;

#[derive(Deserialize)]
pub(crate) struct OriginBody {
    #[serde(default)]
    origin: String,
}

/// Absent while none is registered.
#[derive(Serialize)]
pub(crate) struct Registered {
    origin: Option<String>,
}

pub(crate) async fn put(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
    body: body::Json<OriginBody>,
) -> Result<Json<Registered>, ApiError> {
    let origin = body.value.origin;
    if !is_origin(&origin) {
        return Err(ApiError::bad_request(
            "`origin` takes scheme, host and port as a browser writes them, https or http on loopback, with nothing \
             after them: for example https://app.example.com",
        ));
    }
    let request = PutConnectOriginRequest {
        credentials: Some(presented.to_wire()),
        origin,
    };
    let registered = gateway.registry().put_connect_origin(request).await?.into_inner();
    Ok(shown(registered.origin))
}

pub(crate) async fn get(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
) -> Result<Json<Registered>, ApiError> {
    let request = GetConnectOriginRequest {
        credentials: Some(presented.to_wire()),
    };
    let registered = gateway.registry().get_connect_origin(request).await?.into_inner();
    Ok(shown(registered.origin))
}

pub(crate) async fn delete(
    State(gateway): State<Gateway>,
    Platform(presented): Platform,
) -> Result<StatusCode, ApiError> {
    let request = DeleteConnectOriginRequest {
        credentials: Some(presented.to_wire()),
    };
    gateway.registry().delete_connect_origin(request).await?;
    Ok(StatusCode::OK)
}

fn shown(origin: String) -> Json<Registered> {
    Json(Registered {
        origin: (!origin.is_empty()).then_some(origin),
    })
}

/// An origin as browsers serialize it (RFC 6454 section 6.1): it is compared letter by letter, and stands in a header.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return false;
    };
    let host = authority.host();
    let loopback = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    let usual_port = match (scheme, loopback) {
        ("https", _) => 443,
        ("http", true) => 80,
        _ => return false,
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    let port = authority
        .port_u16()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    text.len() <= LONGEST
        && !host.is_empty()
        && (loopback || host.bytes().all(is_plain))
        && authority.port_u16() != Some(usual_port)
        && text == format!("{scheme}://{host}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_browser_writes_is_an_origin() {
        for good in [
            "https://app.example.com",
            "https://app.example.com:8443",
            "https://xn--pp-yia.example",
            "http://localhost:3000",
            "http://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "app.example.com",
            "//app.example.com",
            "https://",
            "https://*",
            "https://*.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://app.example.com?x",
            "https://app.example.com#x",
            "https://app.example.com:443",
            "https://App.example.com",
            "HTTPS://app.example.com",
            "https://user@app.example.com",
            "https://app.example.com; script-src *",
            "https://app.example.com,https://b.example",
            "https://äpp.example",
            "https://app.example.com:08443",
            "http://app.example.com",
            "http://localhost:80",
            "http://localhost.evil.example",
            "ftp://localhost",
            "data:text/html,x",
            "javascript:alert(1)",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
        assert!(!is_origin(&format!("https://{}.example", "a".repeat(300))));
    }
}
