//! Finding one instance.

use ferrule_model::{Digest, InstanceId, OrganizationId};

use super::super::{Store, StoreError};
use super::{InstanceRow, read, select_instances};

impl Store {
    /// An organization's instance. Another organization's, a deleted and a missing one look alike.
    pub async fn by_id(
        &self,
        organization: OrganizationId,
        id: InstanceId,
    ) -> Result<Option<InstanceRow>, StoreError> {
        let row = self.by_id_even_deleted(organization, id).await?;
        Ok(row.filter(|row| row.deleted_at.is_none()))
    }

    /// An organization's instance, also one that is deleted, as long as it is not erased.
    pub async fn by_id_even_deleted(
        &self,
        organization: OrganizationId,
        id: InstanceId,
    ) -> Result<Option<InstanceRow>, StoreError> {
        let row = sqlx::query(select_instances!(
            "WHERE id = $1 AND organization_id = $2 AND erased = 0"
        ))
        .bind(id.0)
        .bind(organization.0)
        .fetch_optional(&self.reads)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The instance with this token. Whose it is, the caller compares.
    pub async fn by_token(&self, token: Digest) -> Result<Option<InstanceRow>, StoreError> {
        let row = sqlx::query(select_instances!(
            "WHERE token_digest = $1 AND deleted_at IS NULL"
        ))
        .bind(token.to_hex())
        .fetch_optional(&self.reads)
        .await?;
        row.as_ref().map(read).transpose()
    }
}
