//! Connector files for vendors on this machine, and what callers send to connect them.

use ferrule_testkit::{CLIENT_ID, CLIENT_SECRET, OidcProvider, TokenEndpoint};
use serde_json::{Value, json};

/// The callback of the caller's own app.
const CALLBACK: &str = "https://mycoolapp.com/auth";

/// A vendor without PKCE, for codes that come to the caller's own callback, with an API.
pub fn intercom_at(vendor: &TokenEndpoint) -> String {
    keyed_at("intercom", vendor)
}

/// The same vendor under another key.
pub fn keyed_at(key: &str, vendor: &TokenEndpoint) -> String {
    format!(
        r#"key = "{key}"
name = "Intercom"
hub = "marketing"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{}"
scopes = ["read"]
pkce = "off"

[api]
base_url = "{}"
authorization = "Bearer {{access_token}}"
ping = "GET /me"
"#,
        vendor.authorization_url(),
        vendor.token_url(),
        vendor.url("/api")
    )
}

/// A vendor with PKCE and revocation.
pub fn acme_at(vendor: &TokenEndpoint) -> String {
    format!(
        r#"key = "acme"
name = "Acme"
hub = "crm"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{}"
revocation_url = "{}"
"#,
        vendor.authorization_url(),
        vendor.token_url(),
        vendor.revocation_url()
    )
}

/// The certified server.
pub fn certified_at(provider: &OidcProvider) -> String {
    certified_through(provider, provider.issuer())
}

/// The same; its back channel goes by `back_channel`, an address that leads to it.
pub fn certified_through(provider: &OidcProvider, back_channel: &str) -> String {
    format!(
        r#"key = "certified"
name = "Certified"
hub = "general"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{back_channel}/token"
revocation_url = "{back_channel}/token/revocation"
scopes = ["openid", "read"]
client_auth = "basic"
pkce = "required"
issuer = "{issuer}"
iss = "required"

[api]
base_url = "{issuer}"
authorization = "Bearer {{access_token}}"
"#,
        provider.authorization_url(),
        issuer = provider.issuer()
    )
}

/// The seed's form: a code that came to the caller's own callback.
pub fn by_code(code: &str) -> Value {
    by_code_of("intercom", code)
}

/// The same for another connector.
pub fn by_code_of(element: &str, code: &str) -> Value {
    json!({
        "element": {"key": element},
        "providerData": {"code": code},
        "configuration": {
            "oauth.api.key": CLIENT_ID,
            "oauth.api.secret": CLIENT_SECRET,
            "oauth.callback.url": CALLBACK,
        },
        "name": "By code",
    })
}

/// The hosted form: the handshake is all that there is to say.
pub fn by_handshake(element: &str, handshake: &str) -> Value {
    json!({"element": {"key": element}, "providerData": {"handshake": handshake}, "name": "Hosted"})
}
