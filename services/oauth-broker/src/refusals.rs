//! From what went wrong in the rooms below to what callers are told.

use ferrule_catalog::ParameterError;
use ferrule_wire::{Reason, Refusal};

use crate::handshake::{RecordError, StoreError};

/// A parameter that is missing or does not fit.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
pub(crate) fn from_parameter(error: ParameterError) -> Refusal {
    let mut words = error.to_string();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Refusal::new(Reason::InvalidRequest, format!("{words}."))
}

/// The handshake store did not do its part. Nothing was sent to the vendor.
pub(crate) fn from_record(error: RecordError) -> Refusal {
    match error {
        RecordError::Store(StoreError::Unavailable { .. }) | RecordError::Contended => {
            tracing::warn!(%error, "the handshake store is away");
            Refusal::new(
                Reason::Unavailable,
                "Ferrule cannot reach its handshake store. Nothing was sent to the vendor; try again.",
            )
        }
        RecordError::Seal(ferrule_seal::SealError::UnknownKey { .. }) => {
            tracing::error!(event = "sealed", %error, "a record is sealed under a key that the ring does not have");
            Refusal::new(
                Reason::Sealed,
                "Ferrule's key ring does not open what this call needs. Nothing was sent to the vendor.",
            )
        }
        RecordError::Seal(_) => {
            tracing::error!(event = "integrity", %error, "a record of the handshake store was altered");
            Refusal::internal(error)
        }
        error => Refusal::internal(error),
    }
}

/// The request itself is at fault.
pub(crate) fn invalid(words: impl Into<String>) -> Refusal {
    Refusal::new(Reason::InvalidRequest, words)
}

/// Nobody may ask for this without saying who they are.
pub(crate) fn unauthenticated(words: &str) -> Refusal {
    Refusal::new(Reason::Unauthenticated, words)
}

/// No handshake lies under this state, or it is somebody else's: the two cannot be told apart.
pub(crate) fn unknown_state() -> Refusal {
    Refusal::new(
        Reason::StateUnknown,
        "No login is waiting under this state. Fetch a new oauthUrl and let the user log in again.",
    )
}

/// The handshake's ten minutes are over.
pub(crate) fn expired_state() -> Refusal {
    Refusal::new(
        Reason::StateExpired,
        "This login was not finished within ten minutes. Fetch a new oauthUrl and let the user log in again.",
    )
}

/// Another call is at the same exchange.
pub(crate) fn in_flight() -> Refusal {
    let words = "This code is being exchanged right now. Repeat the same call in a moment.";
    Refusal::new(Reason::ExchangeInFlight, words)
}
