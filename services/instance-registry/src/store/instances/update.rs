//! Changing what an owner may change.

use std::collections::BTreeMap;

use ferrule_model::{InstanceId, OrganizationId};
use jiff::Timestamp;

use super::super::connections::Change;
use super::super::dialect::storable;
use super::super::{AuditEntry, AuditEvent, By, Sealed, Store, StoreError, audit};
use super::{fold, json, micros, replace_tags, text};

/// What to change. `None`: as it was. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Another name.
    pub name: Option<String>,
    /// Tags in place of those it has.
    pub tags: Option<Vec<String>>,
    /// All of the configuration that is no secret.
    pub configuration: Option<BTreeMap<String, String>>,
    /// All of the configuration that is, sealed. It may hold the app's new secret: an instance that was paused
    /// because of its app is tried again.
    pub secrets: Option<Sealed>,
    /// The `updated_at` of the row that these changes were made from: when the row has changed since, nothing is
    /// written, so that of two who merge configuration at once neither undoes the other's. `None`: no matter.
    pub made_from: Option<Timestamp>,
    /// Who changes it.
    pub by: By,
    /// The names of what is changed, for the audit.
    pub names: Vec<String>,
}

/// What became of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Updated {
    /// They are made.
    Done,
    /// The organization has no such instance (any more).
    Gone,
    /// The row was changed since it was read: read it again.
    Stale,
}

impl Store {
    /// Changes an organization's instance.
    pub async fn update_details(
        &self,
        organization: OrganizationId,
        id: InstanceId,
        changes: &Changes,
        now: Timestamp,
    ) -> Result<Updated, StoreError> {
        let mut transaction = self.begin().await?;
        let updated = apply(&mut transaction, organization, id, changes, now).await?;
        if updated == Updated::Done && !changes.names.is_empty() {
            audit::write(&mut transaction, id, &changes.entry(AuditEvent::Updated, now)).await?;
        }
        transaction.commit().await?;
        Ok(updated)
    }

    /// Disables or enables an organization's instance. Whether there is such an instance.
    pub async fn set_disabled(
        &self,
        organization: OrganizationId,
        id: InstanceId,
        disabled: bool,
        now: Timestamp,
        by: By,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE instances SET disabled = $3,
                 updated_at = CASE WHEN updated_at >= $4 THEN updated_at + 1 ELSE $4 END
             WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL",
        )
        .bind(id.0)
        .bind(organization.0)
        .bind(i64::from(disabled))
        .bind(now.as_microsecond())
        .execute(&mut transaction)
        .await?;
        let alive = done.rows_affected() == 1;
        if alive {
            let event = if disabled {
                AuditEvent::Disabled
            } else {
                AuditEvent::Enabled
            };
            audit::write(&mut transaction, id, &AuditEntry::new(event, now, by)).await?;
        }
        transaction.commit().await?;
        Ok(alive)
    }
}

impl Changes {
    pub(super) fn entry(&self, event: AuditEvent, at: Timestamp) -> AuditEntry {
        AuditEntry::new(event, at, self.by.clone()).of(self.names.clone())
    }
}

/// Applies changes within the caller's transaction; anything but [`Updated::Done`] wrote nothing.
pub(super) async fn apply(
    transaction: &mut Change,
    organization: OrganizationId,
    id: InstanceId,
    changes: &Changes,
    now: Timestamp,
) -> Result<Updated, StoreError> {
    let name = changes.name.as_deref();
    let done = sqlx::query(
        "UPDATE instances SET
             name = COALESCE($3, name),
             name_folded = COALESCE($4, name_folded),
             tags = COALESCE($5, tags),
             configuration = COALESCE($6, configuration),
             secrets = COALESCE($7, secrets),
             refresh_due_at = CASE WHEN $7 IS NOT NULL AND paused_by IS NOT NULL THEN $8 ELSE refresh_due_at END,
             verdict = CASE WHEN $7 IS NOT NULL AND paused_by IS NOT NULL THEN NULL ELSE verdict END,
             paused_by = CASE WHEN $7 IS NOT NULL THEN NULL ELSE paused_by END,
             updated_at = CASE WHEN updated_at >= $8 THEN updated_at + 1 ELSE $8 END
         WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL AND ($9 IS NULL OR updated_at = $9)",
    )
    .bind(id.0)
    .bind(organization.0)
    .bind(name.map(|name| storable(name).into_owned()))
    .bind(name.map(fold))
    .bind(changes.tags.as_ref().map(json).transpose()?)
    .bind(changes.configuration.as_ref().map(json).transpose()?)
    .bind(text(changes.secrets.as_ref()))
    .bind(now.as_microsecond())
    .bind(micros(changes.made_from))
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 0 {
        return why_not(transaction, organization, id).await;
    }
    if let Some(tags) = &changes.tags {
        replace_tags(transaction, id, tags).await?;
    }
    Ok(Updated::Done)
}

async fn why_not(
    transaction: &mut Change,
    organization: OrganizationId,
    id: InstanceId,
) -> Result<Updated, StoreError> {
    let row =
        sqlx::query("SELECT id FROM instances WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL")
            .bind(id.0)
            .bind(organization.0)
            .fetch_optional(transaction)
            .await?;
    Ok(if row.is_some() {
        Updated::Stale
    } else {
        Updated::Gone
    })
}
