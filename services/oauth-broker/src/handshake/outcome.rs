//! A vendor's answer as it waits, sealed, for the registry.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::stored;

/// What an exchange ended with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// Tokens.
    Granted(Box<Grant>),
    /// A refusal; every repeat gets it again.
    Refused(Refusal),
}

/// A vendor's tokens and the client they belong to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Grant {
    /// The access token.
    #[serde(with = "stored")]
    pub access_token: SecretString,
    /// The access token's secret, with which calls of OAuth 1.0a are signed; `None`: a token that needs none.
    #[serde(default, with = "stored")]
    pub token_secret: Option<SecretString>,
    /// The refresh token, when the vendor issued one.
    #[serde(with = "stored")]
    pub refresh_token: Option<SecretString>,
    /// When the access token ends, counted from `requested_at`; `None`: it does not.
    #[serde(with = "stored")]
    pub expires_at: Option<Timestamp>,
    /// What was granted.
    pub scope: String,
    /// When the token request was sent.
    #[serde(with = "stored")]
    pub requested_at: Timestamp,
    /// The vendor app's client id.
    pub client_id: String,
    /// The vendor app's client secret; `None` for a public client.
    #[serde(with = "stored")]
    pub client_secret: Option<SecretString>,
    /// The redirect URI of the exchange.
    pub callback_url: String,
    /// Address parameters and values that came back; they become configuration.
    pub parameters: BTreeMap<String, String>,
}

/// Why there are no tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The typed reason, by its name on the wire (`VENDOR_REJECTED`, `EXCHANGE_UNKNOWN`, …).
    pub reason: String,
    /// What to tell the caller.
    pub message: String,
    /// The vendor's words, cut, cleaned and masked.
    pub provider_message: Option<String>,
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Grant")
    }
}
