//! Calls that are signed one by one: OAuth 1.0a (RFC 5849 section 3).

use std::fmt;

use axum::http::HeaderValue;
use axum::http::request::Parts;
use ferrule_catalog::{OAuth1, SignatureMethod};
use ferrule_oauth::oauth1::{self, ClientCredentials, Signer, Stamp, TokenCredentials};
use ferrule_wire::v1;
use secrecy::SecretString;

/// What signs the calls of one instance.
pub(crate) struct Signing {
    method: oauth1::SignatureMethod,
    realm: Option<String>,
    client_key: String,
    client_secret: SecretString,
    token: SecretString,
    token_secret: SecretString,
}

impl Signing {
    /// `None`: the instance has no token.
    pub(super) fn new(
        oauth1: &OAuth1,
        token: Option<&SecretString>,
        secrets: Option<v1::Signing>,
    ) -> Option<Self> {
        let secrets = secrets?;
        Some(Self {
            method: match oauth1.signature_method {
                SignatureMethod::HmacSha1 => oauth1::SignatureMethod::HmacSha1,
                SignatureMethod::HmacSha256 => oauth1::SignatureMethod::HmacSha256,
            },
            realm: oauth1.realm.clone(),
            client_key: secrets.client_key,
            client_secret: secrets.client_secret.into(),
            token: token?.clone(),
            token_secret: secrets.token_secret.into(),
        })
    }

    /// The header of one call, about to leave; `form` is its body, where that is form-encoded.
    pub(super) fn header(&self, call: &Parts, form: Option<&[u8]>, stamp: &Stamp) -> Option<HeaderValue> {
        let signer = Signer {
            method: self.method,
            realm: self.realm.as_deref(),
            client: ClientCredentials {
                key: &self.client_key,
                secret: &self.client_secret,
            },
            token: Some(TokenCredentials {
                token: &self.token,
                secret: &self.token_secret,
            }),
        };
        let header = signer.authorization(&call.method, &call.uri, form, stamp);
        header
            .inspect_err(|_| {
                tracing::error!("a connector's realm cannot stand in a header: a call goes unsigned");
            })
            .ok()
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signing")
    }
}
