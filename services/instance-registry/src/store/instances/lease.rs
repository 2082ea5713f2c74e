//! A refresh, as its row sees it: the lease with the intent, then a new pair or a setback.
//!
//! Times are the database's. Both ends are written only while the version is the one that was spent, so that a late
//! answer never overwrites a re-authentication.

use std::time::Duration;

use ferrule_model::{Digest, InstanceId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::super::audit::{self, SWEPT_EVERY};
use super::super::dialect::storable;
use super::super::row::Columns;
use super::super::{AuditEntry, AuditEvent, By, Store, StoreError};
use super::{Fault, InstanceRow, SealedTokens, micros, text};

/// How long an attempt has its row for itself: longer than the broker and the vendor may take together.
pub const LEASE: Duration = Duration::from_mins(1);

/// An attempt that brought no tokens.
#[derive(Clone, Debug, Default)]
pub struct Setback {
    /// Why no tokens came, for the audit.
    pub why: &'static str,
    /// Why the instance is not valid from now on; `None`: it stays valid.
    pub verdict: Option<Fault>,
    /// The vendor's words.
    pub words: String,
    /// When to try again; `None`: never by itself.
    pub again_in: Option<Duration>,
    /// The refresh token may have been spent: the journal is to be asked before it is tried again.
    pub intent_stays_open: bool,
    /// The app that is at fault.
    pub paused_by: Option<Digest>,
}

impl Store {
    /// Takes the lease of a row as it was read, and writes what is about to be spent. `Some`: it is `owner`'s from
    /// this moment on. `None`: another holds it, or the row has changed.
    ///
    /// An owner that does not know whether its lease was taken may ask again. A lease without an intent is a place in
    /// a queue, under which nothing has left: whoever is ready first takes it over, and its owner finds it lost. While
    /// a lease with an intent lasts nobody else begins, and when it is over the row is due again, whatever became of
    /// its owner.
    pub async fn begin_refresh(
        &self,
        row: &InstanceRow,
        owner: &str,
        intent: Digest,
    ) -> Result<Option<Timestamp>, StoreError> {
        let now = self.dialect.now();
        let update = format!(
            "UPDATE instances SET lease_owner = $4, lease_until = {now} + {lease}, intent = $5,
                 refresh_due_at = {now} + {lease}
             WHERE id = $1 AND version = $2 AND (COALESCE(intent, '') = $3 OR lease_owner = $4)
                 AND deleted_at IS NULL
                 AND (verdict IS NULL OR verdict <> 'REAUTHORIZATION_REQUIRED')
                 AND (lease_until IS NULL OR lease_until <= {now} OR lease_owner = $4 OR intent IS NULL)
             RETURNING lease_until - {lease} AS begun_at",
            lease = LEASE.as_micros()
        );
        let begun = sqlx::query(AssertSqlSafe(update))
            .bind(row.id.0)
            .bind(row.version)
            .bind(row.intent.map(|digest| digest.to_hex()).unwrap_or_default())
            .bind(owner)
            .bind(intent.to_hex())
            .fetch_optional(&self.writes)
            .await?;
        begun
            .map(|row| Columns::new("instances", &row).time("begun_at"))
            .transpose()
    }

    /// Writes the pair that a refresh brought. Whether it was written: not, when the version is no longer the one
    /// that was spent. Also a deleted instance keeps it, to be revoked.
    pub async fn finish_refresh(
        &self,
        id: InstanceId,
        spent: i64,
        tokens: &SealedTokens,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE instances SET
                 access_token = $3, refresh_token = $4, scope = $5, expires_at = $6, requested_at = $7,
                 refresh_due_at = $8, version = version + 1,
                 lease_owner = NULL, lease_until = NULL, intent = NULL,
                 verdict = NULL, verdict_words = NULL, failures = 0, paused_by = NULL
             WHERE id = $1 AND version = $2 AND erased = 0",
        )
        .bind(id.0)
        .bind(spent)
        .bind(text(tokens.access_token.as_ref()))
        .bind(text(tokens.refresh_token.as_ref()))
        .bind(storable(&tokens.scope).into_owned())
        .bind(micros(tokens.expires_at))
        .bind(tokens.requested_at.as_microsecond())
        .bind(micros(tokens.refresh_due_at))
        .execute(&mut transaction)
        .await?;
        let written = done.rows_affected() == 1;
        if written {
            let entry = AuditEntry::new(AuditEvent::Refreshed, at, By::default());
            audit::write(&mut transaction, id, &entry).await?;
            if spent % SWEPT_EVERY == 0 {
                audit::sweep(&mut transaction, id).await?;
            }
        }
        transaction.commit().await?;
        Ok(written)
    }

    /// Writes why a refresh brought no tokens, and gives the lease back. Whether it was written: not, when the
    /// version is no longer the one that was spent, or the lease is another's.
    pub async fn record_verdict(
        &self,
        id: InstanceId,
        spent: i64,
        owner: &str,
        setback: &Setback,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let update = format!(
            "UPDATE instances SET
                 verdict = $4, verdict_words = $5, paused_by = $6, failures = failures + 1,
                 refresh_due_at = {now} + $7, intent = CASE WHEN $8 = 1 THEN intent ELSE NULL END,
                 lease_owner = NULL, lease_until = NULL
             WHERE id = $1 AND version = $2 AND lease_owner = $3 RETURNING failures",
            now = self.dialect.now()
        );
        let again_in = setback
            .again_in
            .map(|pause| i64::try_from(pause.as_micros()).unwrap_or(i64::MAX / 2));
        let words = Some(storable(&setback.words).into_owned()).filter(|words| !words.is_empty());
        let recorded = sqlx::query(AssertSqlSafe(update))
            .bind(id.0)
            .bind(spent)
            .bind(owner)
            .bind(setback.verdict.map(Fault::as_str))
            .bind(words)
            .bind(setback.paused_by.map(|client| client.to_hex()))
            .bind(again_in)
            .bind(i64::from(setback.intent_stays_open))
            .fetch_optional(&mut transaction)
            .await?;
        if let Some(row) = &recorded {
            let entry = AuditEntry::new(AuditEvent::RefreshFailed, at, By::default()).because(setback.why);
            audit::write(&mut transaction, id, &entry).await?;
            let failures: i64 = Columns::new("instances", row).get("failures")?;
            if failures % SWEPT_EVERY == 0 {
                audit::sweep(&mut transaction, id).await?;
            }
        }
        transaction.commit().await?;
        Ok(recorded.is_some())
    }

    /// Voids the leases that an earlier process left, where no other process can hold one: not on a database that is
    /// shared. Their intents stay open. How many they were.
    pub async fn void_leases(&self) -> Result<u64, StoreError> {
        if self.dialect.is_shared() {
            return Ok(0);
        }
        let update = format!(
            "UPDATE instances SET lease_owner = NULL, lease_until = NULL, refresh_due_at = {now}
             WHERE lease_owner IS NOT NULL AND deleted_at IS NULL",
            now = self.dialect.now()
        );
        let done = sqlx::query(AssertSqlSafe(update)).execute(&self.writes).await?;
        let deleted = sqlx::query(
            "UPDATE instances SET lease_owner = NULL, lease_until = NULL
             WHERE lease_owner IS NOT NULL AND erased = 0",
        )
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() + deleted.rows_affected())
    }
}
