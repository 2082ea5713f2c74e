//! Deleting in two steps: the mark, at which the instance is gone for everybody, and the erasure.

use ferrule_model::{InstanceId, OrganizationId};
use jiff::Timestamp;

use super::super::{AuditEntry, AuditEvent, By, Store, StoreError, audit};
use super::{InstanceRow, read, select_instances};

impl Store {
    /// Marks an organization's instance deleted: its token is dead. Whether it was alive.
    pub async fn mark_deleted(
        &self,
        organization: OrganizationId,
        id: InstanceId,
        at: Timestamp,
        by: By,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE instances SET deleted_at = $3 WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL",
        )
        .bind(id.0)
        .bind(organization.0)
        .bind(at.as_microsecond())
        .execute(&mut transaction)
        .await?;
        let alive = done.rows_affected() == 1;
        if alive {
            let entry = AuditEntry::new(AuditEvent::Deleted, at, by);
            audit::write(&mut transaction, id, &entry).await?;
        }
        transaction.commit().await?;
        Ok(alive)
    }

    /// Instances that are deleted and still hold their tokens, the longest deleted first.
    pub async fn deleted_not_erased(&self, limit: u32) -> Result<Vec<InstanceRow>, StoreError> {
        let rows = sqlx::query(select_instances!(
            "WHERE deleted_at IS NOT NULL AND erased = 0 ORDER BY deleted_at, id LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Empties the row of a deleted instance; of what it was, only its codes stay, spent, and its audit. Whether there was anything
    /// to erase: an instance that is alive is left alone.
    pub async fn erase(&self, id: InstanceId, at: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "UPDATE instances SET
                 name = '', name_folded = '', tags = '[]', configuration = '{}', secrets = NULL,
                 token_digest = NULL, token_sealed = NULL, access_token = NULL, refresh_token = NULL, scope = '',
                 expires_at = NULL, verdict = NULL, verdict_words = NULL, paused_by = NULL, lease_owner = NULL, lease_until = NULL, intent = NULL,
                 refresh_due_at = NULL, erased = 1
             WHERE id = $1 AND deleted_at IS NOT NULL AND erased = 0",
        )
        .bind(id.0)
        .execute(&mut transaction)
        .await?;
        let erased = done.rows_affected() == 1;
        if erased {
            for delete in [
                "DELETE FROM instance_tags WHERE instance_id = $1",
                "DELETE FROM tokens_shown WHERE instance_id = $1",
            ] {
                sqlx::query(delete).bind(id.0).execute(&mut transaction).await?;
            }
            let entry = AuditEntry::new(AuditEvent::Erased, at, By::default());
            audit::write(&mut transaction, id, &entry).await?;
        }
        transaction.commit().await?;
        Ok(erased)
    }
}
