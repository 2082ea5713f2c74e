//! What our own failures are to a caller: the one place.

use ferrule_model::{InstanceId, OrganizationId};
use ferrule_seal::SealError;
use ferrule_wire::{Reason, Refusal};

use crate::store::StoreError;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(event = "database_away", cause = %error, "the database did not answer");
            return Self::new(
                Reason::Unavailable,
                "The database does not answer. Try again in a moment.",
            );
        }
        Self::internal(error)
    }
}

/// A sealed text that did not open. What it was is told to the log alone.
pub(crate) fn unopened(error: &SealError, organization: OrganizationId, what: &str) -> Refusal {
    match error {
        SealError::UnknownKey { id } => {
            tracing::error!(event = "sealed", key = id, %organization, what, "sealed under a key that is not at hand");
            sealed()
        }
        SealError::Integrity | SealError::Malformed => {
            tracing::error!(event = "integrity", %organization, what, cause = %error, "a sealed value did not open");
            Refusal::new(
                Reason::Internal,
                "A stored secret failed its integrity check. The log has where.",
            )
        }
    }
}

/// The key ring is not this database's.
pub(crate) fn sealed() -> Refusal {
    Refusal::new(
        Reason::Sealed,
        "Ferrule is sealed: its key ring does not open its database. Its operator must bring the right keys.",
    )
}

/// The same words for a missing, a deleted and another organization's instance.
pub(crate) fn instance_unknown(id: InstanceId) -> Refusal {
    Refusal::new(Reason::InstanceUnknown, format!("No instance found with ID {id}"))
}

/// A code that was used, for something else than is asked now.
pub(crate) fn code_spent() -> Refusal {
    Refusal::new(
        Reason::CodeSpent,
        "This code was used before, for another instance or for one that is deleted. Log in again for a new one.",
    )
}

/// A connect session that has made its instance.
pub(crate) fn connect_spent() -> Refusal {
    Refusal::new(
        Reason::ConnectSpent,
        "This link was used: its account is connected. Ask for a new link to connect another.",
    )
}

/// A caller whose credentials are good and do not reach that far.
pub(crate) fn forbidden(act: &str) -> Refusal {
    Refusal::new(
        Reason::Forbidden,
        format!("An Element token does not allow to {act}. Send the Organization secret."),
    )
}

/// A request that cannot be taken as it is.
pub(crate) fn invalid(words: impl Into<String>) -> Refusal {
    Refusal::new(Reason::InvalidRequest, words)
}

/// Too many others changed the same row at once.
pub(crate) fn contended() -> Refusal {
    Refusal::new(
        Reason::Unavailable,
        "The instance is being changed by others. Try again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_typed() {
        let organization = OrganizationId(1);
        let key = SealError::UnknownKey { id: "k".into() };
        for (refusal, reason) in [
            (unopened(&key, organization, "token"), Reason::Sealed),
            (
                unopened(&SealError::Integrity, organization, "token"),
                Reason::Internal,
            ),
            (StoreError::Url("x").into(), Reason::Internal),
            (instance_unknown(InstanceId(5)), Reason::InstanceUnknown),
        ] {
            assert_eq!(refusal.reason, reason);
        }
        assert_eq!(
            instance_unknown(InstanceId(5)).message,
            "No instance found with ID 5"
        );
    }
}
