//! Finding one instance.

use ferrule_model::{Digest, InstanceId, OrganizationId};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::super::row::Columns;
use super::super::{Store, StoreError};
use super::{InstanceRow, instance_columns, read, select_instances};

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

    /// The instance with this token, for a call by this user, and the database's time. `None`: token, user and
    /// organization do not belong together.
    pub async fn for_call(
        &self,
        token: Digest,
        user: Digest,
        organization: Option<Digest>,
    ) -> Result<Option<(InstanceRow, Timestamp)>, StoreError> {
        let select = format!(
            concat!(
                "SELECT ",
                instance_columns!(),
                ", {now} AS now FROM instances
                 WHERE token_digest = $1 AND deleted_at IS NULL
                 AND EXISTS (SELECT 1 FROM users WHERE users.secret_digest = $2
                             AND users.organization_id = instances.organization_id)
                 AND ($3 IS NULL OR EXISTS (SELECT 1 FROM organizations WHERE organizations.secret_digest = $3
                                            AND organizations.id = instances.organization_id))"
            ),
            now = self.dialect.now()
        );
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(token.to_hex())
            .bind(user.to_hex())
            .bind(organization.map(|digest| digest.to_hex()))
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| Ok((read(&row)?, Columns::new("instances", &row).time("now")?)))
            .transpose()
    }
}
