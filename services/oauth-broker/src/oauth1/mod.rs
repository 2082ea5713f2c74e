//! OAuth 1.0a (RFC 5849): the same handshakes, marks and journal, another way to a token.
//!
//! A verifier stands where OAuth 2 has a code. The handshake of a login on Ferrule's own callback is found by the
//! temporary token that every answer of the vendor's names, so that the callback can be registered as it stands.

mod authorize;
mod callback;
mod request_token;
pub(crate) mod token_request;
mod vendor;

pub(crate) use authorize::authorize;
pub(crate) use callback::{came, denial};
pub(crate) use request_token::request_token;

use ferrule_model::{ConnectorKey, Digest};
use secrecy::{ExposeSecret as _, SecretString};

/// Ferrule's state of a login at Ferrule's own callback: what its temporary token comes to. It leads to the login
/// like the token, and not back to it.
fn state_of(connector: &ConnectorKey, temporary_token: &SecretString) -> SecretString {
    Digest::builder("state by temporary token")
        .field(connector.as_str())
        .field(temporary_token.expose_secret())
        .finish()
        .to_hex()
        .into()
}
