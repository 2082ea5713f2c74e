//! A new token pair for an instance that keeps its id and its token.

use ferrule_model::{Digest, InstanceId, OrganizationId};
use jiff::Timestamp;

use super::super::connections::Change;
use super::super::dialect::storable;
use super::super::row::Columns;
use super::super::{AuditEvent, Store, StoreError, audit, spent_codes};
use super::update::{Changes, Updated, apply};
use super::{SealedTokens, micros, text};

/// What became of a re-authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reauthenticated {
    /// The pair is the instance's, for good.
    Done {
        /// The pair's version.
        version: i64,
    },
    /// Nothing was written: the code was spent before.
    CodeSpent {
        /// For this instance, perhaps the same one.
        instance_id: InstanceId,
    },
    /// Nothing was written: the organization has no such instance (any more).
    Gone,
    /// Nothing was written: the row was changed since it was read (see [`Changes::made_from`]).
    Stale,
}

impl Store {
    /// Gives an instance a new token pair, whatever its version was, and clears lease, intent and verdict; its code
    /// is spent and its details are changed in the same transaction.
    pub async fn reauthenticate(
        &self,
        organization: OrganizationId,
        id: InstanceId,
        tokens: &SealedTokens,
        changes: &Changes,
        code: Option<Digest>,
        now: Timestamp,
    ) -> Result<Reauthenticated, StoreError> {
        let mut transaction = self.begin().await?;
        if let Some(code) = code
            && let Some(instance_id) =
                spent_codes::spend(&mut transaction, code, organization, id, now).await?
        {
            transaction.rollback().await?;
            return Ok(Reauthenticated::CodeSpent { instance_id });
        }
        let outcome = match apply(&mut transaction, organization, id, changes, now).await? {
            Updated::Done => {
                let version = write_tokens(&mut transaction, id, tokens).await?;
                let entry = changes.entry(AuditEvent::Reauthenticated, now);
                audit::write(&mut transaction, id, &entry).await?;
                transaction.commit().await?;
                return Ok(Reauthenticated::Done { version });
            }
            Updated::Gone => Reauthenticated::Gone,
            Updated::Stale => Reauthenticated::Stale,
        };
        transaction.rollback().await?;
        Ok(outcome)
    }
}

async fn write_tokens(
    transaction: &mut Change,
    id: InstanceId,
    tokens: &SealedTokens,
) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "UPDATE instances SET
             access_token = $2, refresh_token = $3, scope = $4, expires_at = $5, requested_at = $6,
             refresh_due_at = $7, version = version + 1,
             lease_owner = NULL, lease_until = NULL, intent = NULL,
             verdict = NULL, verdict_words = NULL, failures = 0, paused_by = NULL
         WHERE id = $1 RETURNING version",
    )
    .bind(id.0)
    .bind(text(tokens.access_token.as_ref()))
    .bind(text(tokens.refresh_token.as_ref()))
    .bind(storable(&tokens.scope).into_owned())
    .bind(micros(tokens.expires_at))
    .bind(tokens.requested_at.as_microsecond())
    .bind(micros(tokens.refresh_due_at))
    .fetch_one(transaction)
    .await?;
    Columns::new("instances", &row).get("version")
}
