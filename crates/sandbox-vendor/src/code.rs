//! Authorization codes: 60 seconds, one use.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ferrule_model::Digest;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::expiring::ExpiringMap;
use crate::grant::Grant;
use crate::pkce::Challenge;
use crate::redirect::RedirectUri;
use crate::vendor::Vendor;

/// How long a code lives (RFC 6749 section 4.1.2 allows 10 minutes at most).
const LIFETIME: Duration = Duration::from_mins(1);

/// So many codes wait at once.
const MOST: usize = 10_000;

/// What a code stands for. There is one client, so it needs no naming.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub grant: Grant,
    pub redirect_uri: RedirectUri,
    pub challenge: Option<Challenge>,
}

/// The codes of the last minute, spent ones too, by their digests.
pub(crate) struct Codes(Mutex<ExpiringMap<Code>>);

enum Code {
    Waiting(Authorization),
    /// Presented once; a second time revokes this family.
    Spent(String),
}

/// A code that buys nothing.
#[derive(Debug)]
pub(crate) enum CodeError {
    /// Never issued, or past its end.
    Unknown,
    /// Presented before, by whoever: the tokens of this family must go (RFC 6749 section 4.1.2).
    Spent(String),
}

impl Default for Codes {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MOST)))
    }
}

impl Codes {
    fn put(&self, code: &SecretString, authorization: Authorization, now: Timestamp, until: Timestamp) {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.insert(
            key(code.expose_secret()),
            Code::Waiting(authorization),
            until,
            now,
        );
    }

    fn spend(&self, code: &str, now: Timestamp) -> Result<Authorization, CodeError> {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = codes.get_mut(&key(code), now).ok_or(CodeError::Unknown)?;
        let authorization = match held {
            Code::Waiting(authorization) => authorization.clone(),
            Code::Spent(family) => return Err(CodeError::Spent(family.clone())),
        };
        *held = Code::Spent(authorization.grant.family.clone());
        Ok(authorization)
    }
}

fn key(code: &str) -> String {
    Digest::of(code).to_hex()
}

impl Vendor {
    /// A fresh code for this authorization.
    pub fn issue_code(&self, authorization: Authorization) -> SecretString {
        let code = self.chance.url_token();
        self.codes
            .put(&code, authorization, self.now(), self.after(LIFETIME));
        code
    }

    /// Presents a code. It counts as spent from here on, whatever becomes of the request.
    pub fn spend_code(&self, code: &str) -> Result<Authorization, CodeError> {
        self.codes.spend(code, self.now())
    }
}
