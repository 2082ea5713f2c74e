//! What an authorization server says of itself (RFC 8414, OpenID Connect Discovery 1.0).

use serde_json::Value;
use url::Url;

use crate::client::ClientAuth;
use crate::endpoint::{self, InvalidEndpoint};

/// The metadata of RFC 8414 section 2 that a login needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerMetadata {
    /// `issuer`.
    pub issuer: String,
    /// `authorization_endpoint`.
    pub authorization_endpoint: String,
    /// `token_endpoint`.
    pub token_endpoint: String,
    /// `revocation_endpoint`.
    pub revocation_endpoint: Option<String>,
    /// `scopes_supported`; empty where it does not say.
    pub scopes: Vec<String>,
    /// Whether `code_challenge_methods_supported` holds `S256`.
    pub s256: bool,
    /// Whether `grant_types_supported` holds `refresh_token`.
    pub refresh_tokens: bool,
    /// How clients with a secret authenticate; `None`: in no way that Ferrule knows.
    pub client_auth: Option<ClientAuth>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207).
    pub iss: bool,
}

/// The answer holds no metadata to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// No JSON object.
    #[error("it holds no JSON object")]
    NotAnObject,
    /// A member that every authorization server has.
    #[error("it holds no {0}")]
    Lacks(&'static str),
    /// They belong to somebody else (RFC 8414 section 3.3).
    #[error("it speaks of another issuer, {0}")]
    OfAnother(String),
}

/// Where an issuer may publish its metadata, in the order to ask: OpenID Connect Discovery 1.0 section 4.1, RFC 8414
/// section 3.1.
///
/// # Errors
/// The issuer is no address that may be asked.
pub fn metadata_addresses(issuer: &str) -> Result<[String; 2], InvalidEndpoint> {
    let url = endpoint::parse(issuer)?;
    let path = url.path().trim_end_matches('/');
    let at = |path: String| {
        let mut address: Url = url.clone();
        address.set_path(&path);
        address.set_query(None);
        String::from(address)
    };
    Ok([
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ])
}

impl ServerMetadata {
    /// Reads an answer's body. What is optional and not as it should be counts as not said.
    ///
    /// # Errors
    /// Nothing that a login could use.
    pub fn read(body: &[u8]) -> Result<Self, InvalidMetadata> {
        let said: Value = serde_json::from_slice(body).map_err(|_| InvalidMetadata::NotAnObject)?;
        if !said.is_object() {
            return Err(InvalidMetadata::NotAnObject);
        }
        let text = |name: &str| said[name].as_str().filter(|text| !text.is_empty());
        let needed = |name| text(name).map(str::to_owned).ok_or(InvalidMetadata::Lacks(name));
        let words = |name: &str| {
            let list = said[name].as_array()?;
            Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
        };
        let says = |name: &str, word: &str| words(name).is_some_and(|words| words.contains(&word));
        let methods = words("token_endpoint_auth_methods_supported");
        Ok(Self {
            issuer: needed("issuer")?,
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            revocation_endpoint: text("revocation_endpoint").map(str::to_owned),
            scopes: words("scopes_supported")
                .unwrap_or_default()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            s256: says("code_challenge_methods_supported", "S256"),
            refresh_tokens: says("grant_types_supported", "refresh_token"),
            client_auth: client_auth(methods.as_deref()),
            iss: said["authorization_response_iss_parameter_supported"] == true,
        })
    }

    /// Passes what this issuer says of itself alone, as a plain string (RFC 8414 section 3.3).
    ///
    /// # Errors
    /// It speaks of another one.
    pub fn of(self, issuer: &str) -> Result<Self, InvalidMetadata> {
        if self.issuer == issuer {
            Ok(self)
        } else {
            let shown = self.issuer.chars().filter(|c| !c.is_control());
            Err(InvalidMetadata::OfAnother(shown.take(200).collect()))
        }
    }
}

/// Basic where it may be, as it is when nothing is said; a public client sends its id in the body.
fn client_auth(methods: Option<&[&str]>) -> Option<ClientAuth> {
    let Some(methods) = methods else {
        return Some(ClientAuth::Basic);
    };
    let known = [
        ("client_secret_basic", ClientAuth::Basic),
        ("client_secret_post", ClientAuth::Body),
        ("none", ClientAuth::Body),
    ];
    let mut known = known.into_iter();
    Some(known.find(|(name, _)| methods.contains(name))?.1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_are_asked_for_in_two_places() {
        for (issuer, want) in [
            (
                "https://id.example",
                [
                    "https://id.example/.well-known/openid-configuration",
                    "https://id.example/.well-known/oauth-authorization-server",
                ],
            ),
            (
                "https://id.example/tenants/1/",
                [
                    "https://id.example/tenants/1/.well-known/openid-configuration",
                    "https://id.example/.well-known/oauth-authorization-server/tenants/1",
                ],
            ),
        ] {
            assert_eq!(metadata_addresses(issuer).unwrap(), want, "{issuer}");
        }
        for bad in ["http://id.example", "id.example", "https://a@id.example"] {
            assert!(metadata_addresses(bad).is_err(), "{bad}");
        }
    }

    fn least() -> Value {
        json!({"issuer": "https://id.example", "authorization_endpoint": "https://id.example/a", "token_endpoint": "https://id.example/t"})
    }

    #[test]
    fn what_is_not_said_has_the_meaning_of_the_rfc() {
        let said = ServerMetadata::read(least().to_string().as_bytes()).unwrap();
        assert_eq!(said.client_auth, Some(ClientAuth::Basic));
        assert!(!said.s256 && !said.iss && said.revocation_endpoint.is_none());
        let said = said.of("https://id.example").unwrap();
        assert_eq!(
            said.of("https://id.example/"),
            Err(InvalidMetadata::OfAnother("https://id.example".to_owned()))
        );
    }

    #[test]
    fn the_way_of_authentication_is_one_that_ferrule_knows() {
        for (methods, want) in [
            (
                json!(["client_secret_post", "client_secret_basic"]),
                Some(ClientAuth::Basic),
            ),
            (
                json!(["private_key_jwt", "client_secret_post"]),
                Some(ClientAuth::Body),
            ),
            (json!(["none"]), Some(ClientAuth::Body)),
            (json!(["private_key_jwt"]), None),
            (json!(null), Some(ClientAuth::Basic)),
        ] {
            let mut said = least();
            said["token_endpoint_auth_methods_supported"] = methods.clone();
            let read = ServerMetadata::read(said.to_string().as_bytes()).unwrap();
            assert_eq!(read.client_auth, want, "{methods}");
        }
    }

    #[test]
    fn an_answer_without_endpoints_holds_no_metadata() {
        for (body, want) in [
            ("<html>", InvalidMetadata::NotAnObject),
            ("[]", InvalidMetadata::NotAnObject),
            ("{}", InvalidMetadata::Lacks("issuer")),
            (
                r#"{"issuer":"https://id.example","authorization_endpoint":1}"#,
                InvalidMetadata::Lacks("authorization_endpoint"),
            ),
        ] {
            assert_eq!(ServerMetadata::read(body.as_bytes()), Err(want), "{body}");
        }
    }
}
