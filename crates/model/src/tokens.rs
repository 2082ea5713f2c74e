//! What a vendor hands out.

use jiff::Timestamp;
use secrecy::SecretString;

/// A vendor's tokens, as one token answer gave them.
#[derive(Clone, Debug)]
pub struct TokenPair {
    /// The access token (RFC 6749 section 1.4).
    pub access_token: SecretString,
    /// The refresh token, when the vendor issued one (RFC 6749 section 1.5).
    pub refresh_token: Option<SecretString>,
    /// When the access token ends, counted from the moment the token request was sent. `None`: it does not.
    pub expires_at: Option<Timestamp>,
    /// What was granted.
    pub scope: String,
}
