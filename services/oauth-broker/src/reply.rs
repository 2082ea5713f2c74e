//! What an exchange ended with, as it is told.

use ferrule_wire::v1::{Confirmed, ExchangeResponse, Grant, exchange_response};
use ferrule_wire::{Reason, Refusal};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::handshake::{self, Outcome};

/// Tokens, or the refusal; the same at every repeat.
pub(crate) fn outcome(outcome: Outcome) -> Result<ExchangeResponse, Refusal> {
    match outcome {
        Outcome::Granted(grant) => Ok(of(exchange_response::Outcome::Grant(to_wire(*grant)))),
        Outcome::Refused(refusal) => {
            let reason = Reason::from_text(&refusal.reason).unwrap_or(Reason::VendorRejected);
            let words = refusal.provider_message.unwrap_or_default();
            Err(Refusal::new(reason, refusal.message).with_provider_message(words))
        }
    }
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

fn of(outcome: exchange_response::Outcome) -> ExchangeResponse {
    ExchangeResponse {
        outcome: Some(outcome),
    }
}

fn to_wire(grant: handshake::Grant) -> Grant {
    let clear = |secret: Option<SecretString>| {
        secret
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default()
    };
    Grant {
        access_token: grant.access_token.expose_secret().to_owned(),
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
