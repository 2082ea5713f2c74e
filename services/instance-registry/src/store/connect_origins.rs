//! The one origin that may embed an organization's connect links.

use ferrule_model::OrganizationId;
use jiff::Timestamp;

use super::row::Columns;
use super::{Store, StoreError};

impl Store {
    /// Registers an origin in place of the one that is registered.
    pub async fn put_connect_origin(
        &self,
        organization: OrganizationId,
        origin: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO connect_origins (organization_id, origin, updated_at) VALUES ($1, $2, $3)
             ON CONFLICT (organization_id) DO UPDATE SET
                 origin = excluded.origin, updated_at = excluded.updated_at",
        )
        .bind(organization.0)
        .bind(origin)
        .bind(now.as_microsecond())
        .execute(&self.writes)
        .await?;
        Ok(())
    }

    /// The origin that an organization registered.
    pub async fn connect_origin(&self, organization: OrganizationId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT origin FROM connect_origins WHERE organization_id = $1")
            .bind(organization.0)
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| Columns::new("connect_origins", &row).get("origin"))
            .transpose()
    }

    /// Takes it away. None that is registered is no error.
    pub async fn delete_connect_origin(&self, organization: OrganizationId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM connect_origins WHERE organization_id = $1")
            .bind(organization.0)
            .execute(&self.writes)
            .await?;
        Ok(())
    }
}
