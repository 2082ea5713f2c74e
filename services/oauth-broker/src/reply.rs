//! What an exchange or a refresh ended with, as it is told.

use ferrule_wire::v1::{
    Confirmed, ExchangeResponse, Grant, RefreshResponse, exchange_response, refresh_response,
};
use ferrule_wire::{Reason, Refusal};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::handshake::{self, Outcome};
use crate::verdict::Refreshed;

/// Tokens, or the refusal; the same at every repeat.
pub(crate) fn outcome(outcome: Outcome) -> Result<ExchangeResponse, Refusal> {
    match outcome {
        Outcome::Granted(grant) => Ok(granted(*grant)),
        Outcome::Refused(refusal) => {
            let reason = Reason::from_text(&refusal.reason).unwrap_or(Reason::VendorRejected);
            let words = refusal.provider_message.unwrap_or_default();
            Err(Refusal::new(reason, refusal.message).with_provider_message(words))
        }
    }
}

/// Tokens.
pub(crate) fn granted(grant: handshake::Grant) -> ExchangeResponse {
    of(exchange_response::Outcome::Grant(to_wire(grant)))
}

/// The registry has committed.
pub(crate) fn confirmed() -> ExchangeResponse {
    of(exchange_response::Outcome::Confirmed(Confirmed {}))
}

/// The code may have been spent, and nobody knows on what.
pub(crate) fn unknown() -> Outcome {
    let words = "The code was sent to the vendor and no answer is known. It is not sent again: fetch a new \
                 oauthUrl and let the user log in again.";
    Outcome::Refused(handshake::Refusal {
        reason: Reason::ExchangeUnknown.as_str().to_owned(),
        message: words.to_owned(),
        provider_message: None,
    })
}

/// A new pair, or why there is none.
pub(crate) fn refreshed(refreshed: Refreshed) -> RefreshResponse {
    let outcome = match refreshed {
        Refreshed::Granted(grant) => refresh_response::Outcome::Grant(to_wire(*grant)),
        Refreshed::Refused(verdict) => refresh_response::Outcome::Verdict(verdict),
    };
    RefreshResponse {
        outcome: Some(outcome),
    }
}

fn of(outcome: exchange_response::Outcome) -> ExchangeResponse {
    ExchangeResponse {
        outcome: Some(outcome),
    }
}

/// A grant as it travels; what the vendor did not issue is empty.
pub(crate) fn to_wire(grant: handshake::Grant) -> Grant {
    let clear = |secret: Option<SecretString>| {
        secret
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default()
    };
    Grant {
        access_token: grant.access_token.expose_secret().to_owned(),
        token_secret: clear(grant.token_secret),
        refresh_token: clear(grant.refresh_token),
        expires_at: grant.expires_at.map(Timestamp::as_microsecond),
        scope: grant.scope,
        requested_at: grant.requested_at.as_microsecond(),
        api_key: grant.client_id,
        api_secret: clear(grant.client_secret),
        callback_url: grant.callback_url,
        parameters: grant.parameters,
    }
}
