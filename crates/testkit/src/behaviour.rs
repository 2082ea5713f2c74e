//! How a scripted vendor behaves by itself.

use std::time::Duration;

/// What the vendor does where nothing is scripted.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// `expires_in` of every access token, in seconds.
    pub access_ttl: u64,
    /// Whether a refresh brings a new refresh token, and spends the old one.
    pub rotate: bool,
    /// Whether a refresh token that comes again ends all tokens of its family (RFC 9700 section 4.14.2).
    pub reuse_kills: bool,
    /// How long it thinks about a refresh: half of it before, half after the token is spent.
    pub thought: Duration,
    /// `iss` in the answer of the authorization endpoint (RFC 9207).
    pub issuer: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            access_ttl: 3600,
            rotate: true,
            reuse_kills: false,
            thought: Duration::ZERO,
            issuer: None,
        }
    }
}
