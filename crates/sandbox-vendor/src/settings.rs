//! What the vendor is told at its start.

use std::fmt;
use std::time::Duration;

use zeroize::Zeroizing;

/// What the vendor is told at its start.
#[derive(Clone)]
pub struct Settings {
    /// Where the vendor is reached, and its name in `iss` (RFC 9207): `http://127.0.0.1:40123`.
    pub issuer: String,
    /// Signs tokens. The same key after a restart keeps the tokens valid.
    pub signing_key: Zeroizing<[u8; 32]>,
    /// How long an access token lives.
    pub access_token_lifetime: Duration,
}

impl Settings {
    /// With access tokens that live for an hour.
    pub fn new(issuer: impl Into<String>, signing_key: Zeroizing<[u8; 32]>) -> Self {
        Self {
            issuer: issuer.into(),
            signing_key,
            access_token_lifetime: Duration::from_hours(1),
        }
    }

    /// The address of one endpoint: the issuer, then this path.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.trim_end_matches('/'))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("issuer", &self.issuer)
            .field("signing_key", &ferrule_model::MASK)
            .field("access_token_lifetime", &self.access_token_lifetime)
            .finish()
    }
}
