//! Deleting in two steps: the mark, at which the instance is gone for everybody, and the erasure.

use ferrule_model::{InstanceId, OrganizationId};
use jiff::Timestamp;

use super::super::{Store, StoreError};
use super::{InstanceRow, read, select_instances};

impl Store {
    /// Marks an organization's instance deleted: its token is dead. Whether it was alive.
    pub async fn mark_deleted(
        &self,
        organization: OrganizationId,
        id: InstanceId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE instances SET deleted_at = $3 WHERE id = $1 AND organization_id = $2 AND deleted_at IS NULL",
        )
        .bind(id.0)
        .bind(organization.0)
        .bind(at.as_microsecond())
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
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

    /// Empties the row of a deleted instance; of what it was, only its codes stay, spent. Whether there was anything
    /// to erase: an instance that is alive is left alone.
    pub async fn erase(&self, id: InstanceId) -> Result<bool, StoreError> {
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
        .execute(&mut *transaction)
        .await?;
        let erased = done.rows_affected() == 1;
        if erased {
            sqlx::query("DELETE FROM instance_tags WHERE instance_id = $1")
                .bind(id.0)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(erased)
    }
}
