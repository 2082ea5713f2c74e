//! What callers and vendors send, good until a test changes it.

use std::collections::BTreeMap;

use ferrule_model::Digest;
use ferrule_wire::v1::{AuthorizeRequest, CallbackRequest, ExchangeRequest};
use url::Url;

pub const ORGANIZATION: i64 = 7;
pub const INSTANCE: i64 = 100_042;
pub const API_KEY: &str = "client-id-of-the-app";
pub const API_SECRET: &str = "client-secret+of/the app";
/// A caller's own callback.
pub const CALLBACK_URL: &str = "https://app.example/callback";
/// How browsers reach the gateway.
pub const PUBLIC_URL: &str = "https://ferrule.example";

/// A known caller, on Ferrule's own callback.
pub fn hosted(element: &str) -> AuthorizeRequest {
    AuthorizeRequest {
        element: element.to_owned(),
        organization_id: Some(ORGANIZATION),
        api_key: API_KEY.to_owned(),
        api_secret: API_SECRET.to_owned(),
        ..AuthorizeRequest::default()
    }
}

/// A known caller, on its own callback.
pub fn own(element: &str) -> AuthorizeRequest {
    AuthorizeRequest {
        callback_url: CALLBACK_URL.to_owned(),
        ..hosted(element)
    }
}

/// Nobody known.
pub fn anonymous(element: &str) -> AuthorizeRequest {
    AuthorizeRequest {
        organization_id: None,
        ..own(element)
    }
}

/// A vendor's yes at Ferrule's own callback.
pub fn came_back(element: &str, state: &str, code: &str) -> CallbackRequest {
    CallbackRequest {
        element: element.to_owned(),
        state: state.to_owned(),
        code: code.to_owned(),
        ..CallbackRequest::default()
    }
}

/// A vendor's no.
pub fn denied(element: &str, state: &str) -> CallbackRequest {
    CallbackRequest {
        code: String::new(),
        error: "access_denied".to_owned(),
        error_description: "The user said no".to_owned(),
        ..came_back(element, state, "")
    }
}

/// A claim by Ferrule's state alone.
pub fn claim(element: &str, state: &str) -> ExchangeRequest {
    ExchangeRequest {
        organization_id: ORGANIZATION,
        element: element.to_owned(),
        digest: Digest::of(state).as_bytes().to_vec(),
        handshake: state.to_owned(),
        ..ExchangeRequest::default()
    }
}

/// A code from the caller's own callback.
pub fn bring(element: &str, code: &str, state: &str) -> ExchangeRequest {
    ExchangeRequest {
        digest: Digest::of(code).as_bytes().to_vec(),
        handshake: String::new(),
        code: code.to_owned(),
        state: state.to_owned(),
        api_key: API_KEY.to_owned(),
        api_secret: API_SECRET.to_owned(),
        callback_url: CALLBACK_URL.to_owned(),
        ..claim(element, "")
    }
}

pub fn parameters<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

/// The value of a query parameter, decoded.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
