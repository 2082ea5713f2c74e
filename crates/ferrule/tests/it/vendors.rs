//! Connector files for vendors on this machine, and what callers send to connect them.

use ferrule_testkit::{CLIENT_ID, CLIENT_SECRET, OAuth1Provider, OidcProvider, TokenEndpoint};
use serde_json::{Value, json};

/// The callback of the caller's own app.
pub const CALLBACK: &str = "https://mycoolapp.com/auth";

/// Overrides the built-in connector; its id is not repeated.
pub fn intercom_at(vendor: &TokenEndpoint) -> String {
    format!(
        r#"key = "intercom"
name = "Intercom"
hub = "marketing"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{}"
scopes = ["read"]
pkce = "off"
"#,
        vendor.authorization_url(),
        vendor.token_url()
    )
}

/// A vendor of the operator's own: PKCE, revocation.
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
refresh = "rotating"
"#,
        vendor.authorization_url(),
        vendor.token_url(),
        vendor.revocation_url()
    )
}

/// A vendor with an API, which its living access tokens open.
pub fn acme_with_api_at(vendor: &TokenEndpoint) -> String {
    format!(
        r#"{}
[api]
base_url = "{}"
authorization = "Bearer {{access_token}}"
ping = "GET /me"

[[resources]]
path = "/people/{{id}}"
vendor_path = "/contacts/{{id}}"
methods = ["GET"]
"#,
        acme_at(vendor),
        vendor.url("/api")
    )
}

/// The certified server; its back channel goes by `back_channel`, an address that leads to it.
pub fn certified_at(provider: &OidcProvider, back_channel: &str) -> String {
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
issuer = "{}"
iss = "required"
"#,
        provider.authorization_url(),
        provider.issuer()
    )
}

/// A vendor of OAuth 1.0a, with an API that takes signed calls alone.
pub fn signed_at(provider: &OAuth1Provider, signature_method: &str) -> String {
    format!(
        r#"key = "signed"
name = "Signed"
hub = "crm"

[auth]
kind = "oauth1"
request_token_url = "{}"
authorization_url = "{}"
token_url = "{}"
signature_method = "{signature_method}"
realm = "api"

[api]
base_url = "{}"
ping = "GET /me"

[[resources]]
path = "/people/{{id}}"
vendor_path = "/contacts/{{id}}"
methods = ["GET"]
"#,
        provider.request_token_url(),
        provider.authorization_url(),
        provider.token_url(),
        provider.api_url()
    )
}

/// The seed's form: a code that came to the caller's own callback.
pub fn by_code(element: &str, code: &str) -> Value {
    json!({
        "element": {"key": element},
        "providerData": {"code": code},
        "configuration": {
            "oauth.api.key": CLIENT_ID,
            "oauth.api.secret": CLIENT_SECRET,
            "oauth.callback.url": CALLBACK,
        },
        "tags": ["Test"],
        "name": "API Instance",
    })
}

/// The hosted form: the handshake is all that there is to say.
pub fn by_handshake(element: &str, handshake: &str) -> Value {
    json!({"element": {"key": element}, "providerData": {"handshake": handshake}, "name": "Hosted"})
}
