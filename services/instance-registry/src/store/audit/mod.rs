//! The audit: what happened to each instance, who did it, and when.
//!
//! An entry is written in the transaction of the change that it tells of, where there is one. It holds names and
//! reasons, never a value.

mod read;
mod shown;

pub use read::{AuditCursor, AuditPage, AuditRow};

use ferrule_model::{InstanceId, UserId};
use jiff::Timestamp;
use sqlx::{Any, Executor};

use super::connections::Change;
use super::dialect::storable;
use super::instances::{Fault, json};
use super::{Store, StoreError};

/// How many of an instance's refreshes are kept, and how many that failed: the newest.
pub const NEWEST_KEPT: u32 = 25;
/// Older ones go when so many have come since.
pub(super) const SWEPT_EVERY: i64 = 10;

/// What may happen to an instance. Its text is stored and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// It was made.
    Created,
    /// It has a new token pair, without its user.
    Refreshed,
    /// A refresh brought no tokens; the reason is the verdict.
    RefreshFailed,
    /// The first call through it.
    FirstUsed,
    /// Its user logged in again.
    Reauthenticated,
    /// Its owner changed it.
    Updated,
    /// Its owner disabled it.
    Disabled,
    /// Its owner enabled it.
    Enabled,
    /// Its owner deleted it: its token is dead.
    Deleted,
    /// The vendor was told to revoke its tokens, and did.
    Revoked,
    /// The vendor was asked in vain: its tokens may still be good there.
    NotRevoked,
    /// Its tokens and its configuration are gone.
    Erased,
    /// Its token was in an answer to an owner, for the first time within an hour.
    SecretShown,
}

impl AuditEvent {
    /// Every event.
    pub const ALL: [Self; 13] = [
        Self::Created,
        Self::Refreshed,
        Self::RefreshFailed,
        Self::FirstUsed,
        Self::Reauthenticated,
        Self::Updated,
        Self::Disabled,
        Self::Enabled,
        Self::Deleted,
        Self::Revoked,
        Self::NotRevoked,
        Self::Erased,
        Self::SecretShown,
    ];

    /// The event as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Refreshed => "refreshed",
            Self::RefreshFailed => "refresh_failed",
            Self::FirstUsed => "first_used",
            Self::Reauthenticated => "reauthenticated",
            Self::Updated => "updated",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Deleted => "deleted",
            Self::Revoked => "revoked",
            Self::NotRevoked => "not_revoked",
            Self::Erased => "erased",
            Self::SecretShown => "secret_shown",
        }
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }
}

/// Who does something, and on which request. The default: Ferrule itself, on none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct By {
    /// The user; `None`: Ferrule itself.
    pub user: Option<UserId>,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// Something that happens to an instance.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    event: AuditEvent,
    at: Timestamp,
    by: By,
    reason: Option<&'static str>,
    changed: Vec<String>,
}

impl AuditEntry {
    /// This event, now, by whom.
    pub fn new(event: AuditEvent, at: Timestamp, by: By) -> Self {
        Self {
            event,
            at,
            by,
            reason: None,
            changed: Vec::new(),
        }
    }

    /// The same, with the reason.
    #[must_use]
    pub fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// The same, with the names of what was changed.
    #[must_use]
    pub fn of(mut self, changed: Vec<String>) -> Self {
        self.changed = changed;
        self
    }
}

impl Store {
    /// Keeps an entry that belongs to no change of ours.
    pub async fn audit(&self, instance: InstanceId, entry: &AuditEntry) -> Result<(), StoreError> {
        write(&self.writes, instance, entry).await
    }

    /// Remembers that an instance was used, and keeps the entry of the first to say so.
    pub async fn first_used(&self, instance: InstanceId, at: Timestamp, by: By) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE instances SET first_used_at = $2 WHERE id = $1 AND first_used_at IS NULL AND erased = 0",
        )
        .bind(instance.0)
        .bind(at.as_microsecond())
        .execute(&mut transaction)
        .await?;
        let first = done.rows_affected() == 1;
        if first {
            let entry = AuditEntry::new(AuditEvent::FirstUsed, at, by);
            write(&mut transaction, instance, &entry).await?;
        }
        transaction.commit().await?;
        Ok(first)
    }
}

/// Keeps an entry: within the caller's transaction, where it gives one.
pub(super) async fn write<'c>(
    place: impl Executor<'c, Database = Any>,
    instance: InstanceId,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (instance_id, happened_at, event, user_id, request_id, reason, changed)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(instance.0)
    .bind(entry.at.as_microsecond())
    .bind(entry.event.as_str())
    .bind(entry.by.user.map_or(0, |user| user.0))
    .bind(entry.by.request_id.clone())
    .bind(entry.reason)
    .bind(storable(&json(&entry.changed)?).into_owned())
    .execute(place)
    .await?;
    Ok(())
}

/// Drops an instance's refreshes but the newest, and of those that failed too. That its user had to log in again
/// stays.
pub(super) async fn sweep(transaction: &mut Change, instance: InstanceId) -> Result<(), StoreError> {
    for event in [AuditEvent::Refreshed, AuditEvent::RefreshFailed] {
        sqlx::query(
            "DELETE FROM audit WHERE instance_id = $1 AND event = $2 AND COALESCE(reason, '') <> $3
                 AND happened_at < (SELECT MIN(happened_at) FROM (
                     SELECT happened_at FROM audit
                     WHERE instance_id = $1 AND event = $2 AND COALESCE(reason, '') <> $3
                     ORDER BY happened_at DESC LIMIT $4) AS newest)",
        )
        .bind(instance.0)
        .bind(event.as_str())
        .bind(Fault::ReauthorizationRequired.as_str())
        .bind(i64::from(NEWEST_KEPT))
        .execute(&mut *transaction)
        .await?;
    }
    Ok(())
}
