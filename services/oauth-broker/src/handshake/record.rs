//! The record of one handshake.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use ferrule_model::{ConnectorKey, Digest, OrganizationId};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::stored;

/// How long a handshake may take, from the URL to the claim.
pub(super) const LIFETIME: Duration = Duration::from_mins(10);
/// Replicas' clocks differ by less. A record from further in the future means that the clock was moved back.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(90);

/// The pending half of an authorization. It is stored sealed, never as it stands here.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Handshake {
    /// What the URL was made from; only [`Stage::Done`] erases its secrets.
    pub request: AuthorizationRequest,
    /// When the URL was handed out.
    #[serde(with = "stored")]
    pub created_at: Timestamp,
    /// When it can no longer be attached or claimed.
    #[serde(with = "stored")]
    pub expires_at: Timestamp,
    /// How far it came.
    pub stage: Stage,
}

/// What an authorization URL was made from (RFC 6749 section 4.1.1), as resolved when it was handed out.
#[derive(Clone, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Who asked.
    pub organization_id: OrganizationId,
    /// The connector, which the callback's path and the claim must name again.
    pub connector: ConnectorKey,
    /// Which way the browser comes back.
    pub form: Form,
    /// The vendor app's client id.
    pub client_id: String,
    /// The vendor app's client secret; `None` for a public client.
    #[serde(with = "stored")]
    pub client_secret: Option<SecretString>,
    /// The redirect URI that the vendor was given.
    pub callback_url: String,
    /// The scope asked for, verbatim.
    pub scope: String,
    /// The PKCE code verifier (RFC 7636 section 4.1), where the URL carries its challenge.
    #[serde(with = "stored")]
    pub code_verifier: Option<SecretString>,
    /// What the vendor gave the login to begin with, where it is one of OAuth 1.0a.
    #[serde(default)]
    pub temporary: Option<TemporaryCredentials>,
    /// What the connector declares, with the values used.
    pub parameters: BTreeMap<String, String>,
    /// Query parameters that nobody declares; they never reach the vendor.
    pub kept: BTreeMap<String, String>,
    /// The token endpoint, its placeholders filled; `None` where parameters are yet to come with the claim.
    pub token_url: Option<String>,
    /// The issuer that an `iss` in the callback must equal (RFC 9207).
    pub issuer: Option<String>,
    /// Whether a callback at Ferrule's own must bring one.
    #[serde(default)]
    pub iss_required: bool,
}

/// A temporary token and its secret (RFC 5849 section 2.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemporaryCredentials {
    /// Goes with the browser, and comes back.
    #[serde(with = "stored")]
    pub token: SecretString,
    /// Signs the token request.
    #[serde(with = "stored")]
    pub secret: SecretString,
}

/// The two ways back.
#[derive(Clone, Serialize, Deserialize)]
pub enum Form {
    /// Ferrule's own callback.
    Hosted {
        /// Where the browser goes afterwards; `None`: a page of Ferrule's.
        return_url: Option<String>,
        /// The caller's own state, given back there.
        #[serde(with = "stored")]
        caller_state: Option<SecretString>,
        /// SHA-256 of the nonce in the cookie of the browser that began here.
        #[serde(with = "stored")]
        browser_binding: Option<Digest>,
        /// The connect session that the login belongs to.
        #[serde(default)]
        connect_session: Option<String>,
    },
    /// The caller's own callback: the code comes with the claim.
    OwnCallback,
}

/// *Pending → attached → claimed → done*, or *pending → denied*.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Stage {
    /// The user is at the vendor.
    Pending,
    /// The vendor sent a code.
    Attached {
        /// What it sent.
        callback: Callback,
        /// When.
        #[serde(with = "stored")]
        at: Timestamp,
    },
    /// An exchange took it.
    Claimed {
        /// The exchange's digest.
        #[serde(with = "stored")]
        by: Digest,
        /// What it took.
        callback: Callback,
        /// When.
        #[serde(with = "stored")]
        at: Timestamp,
    },
    /// The exchange has an answer, a grant or a refusal, under its digest. The secrets here are erased.
    Done {
        /// The exchange's digest.
        #[serde(with = "stored")]
        by: Digest,
        /// When.
        #[serde(with = "stored")]
        at: Timestamp,
    },
    /// The user or the vendor said no.
    Denied(Denial),
}

/// What the vendor sent back with the browser (RFC 6749 section 4.1.2, RFC 5849 section 2.2).
#[derive(Clone, Serialize, Deserialize)]
pub struct Callback {
    /// The authorization code; of OAuth 1.0a the verifier.
    #[serde(with = "stored")]
    pub code: SecretString,
    /// Everything beside code, state and `iss` (`realmId`, `shop`, …).
    pub parameters: BTreeMap<String, String>,
}

/// The vendor's words when it sent no code (RFC 6749 section 4.1.2.1), as cut and cleaned by the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// `error`.
    pub error: String,
    /// `error_description`; empty when there was none.
    pub description: String,
}

impl Handshake {
    pub(super) fn new(request: AuthorizationRequest, now: Timestamp) -> Self {
        Self {
            request,
            created_at: now,
            expires_at: now + LIFETIME,
            stage: Stage::Pending,
        }
    }

    /// Over, or from a future that only a clock moved back makes.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at || self.created_at > now + CLOCK_DIFFERENCE
    }

    /// The same handshake, one stage on.
    pub(super) fn at(&self, stage: Stage) -> Self {
        Self {
            stage,
            ..self.clone()
        }
    }

    /// Done: what only the token request needed goes.
    pub(super) fn done(&self, by: Digest, at: Timestamp) -> Self {
        let mut done = self.at(Stage::Done { by, at });
        done.request.client_secret = None;
        done.request.code_verifier = None;
        done.request.temporary = None;
        done
    }
}

impl AuthorizationRequest {
    /// The connect session that alone may claim it; empty: it belongs to none.
    pub fn connect_session(&self) -> &str {
        match &self.form {
            Form::Hosted { connect_session, .. } => connect_session.as_deref().unwrap_or_default(),
            Form::OwnCallback => "",
        }
    }
}

impl Callback {
    /// Whether the same browser redirect brought both. In constant time where the code is concerned.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Digest::of(self.code.expose_secret()) == Digest::of(other.code.expose_secret())
            && self.parameters == other.parameters
    }
}

/// Whose and for what; nothing that came from a caller or vendor.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "AuthorizationRequest({} for organization {})",
            self.connector, self.organization_id
        )
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}
