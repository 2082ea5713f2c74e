//! Vendor apps that organizations stored, one a connector.

use ferrule_model::{ConnectorKey, OrganizationId};
use jiff::Timestamp;

use super::row::Columns;
use super::{Sealed, Store, StoreError};

/// A vendor app, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorAppRow {
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Its connector.
    pub element_key: ConnectorKey,
    /// The client id. Callers' texts hold no NUL.
    pub api_key: String,
    /// The client secret, sealed.
    pub api_secret: Sealed,
    /// When it was stored.
    pub updated_at: Timestamp,
}

impl Store {
    /// Stores an app in place of the one that the organization has for this connector.
    pub async fn put_vendor_app(&self, app: &VendorAppRow) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO vendor_apps (organization_id, element_key, api_key, api_secret, updated_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization_id, element_key) DO UPDATE SET
                 api_key = excluded.api_key, api_secret = excluded.api_secret, updated_at = excluded.updated_at",
        )
        .bind(app.organization_id.0)
        .bind(app.element_key.as_str())
        .bind(app.api_key.as_str())
        .bind(app.api_secret.as_str())
        .bind(app.updated_at.as_microsecond())
        .execute(&self.writes)
        .await?;
        Ok(())
    }

    /// The app that an organization has for a connector.
    pub async fn vendor_app(
        &self,
        organization: OrganizationId,
        connector: &ConnectorKey,
    ) -> Result<Option<VendorAppRow>, StoreError> {
        let row = sqlx::query(
            "SELECT organization_id, element_key, api_key, api_secret, updated_at FROM vendor_apps
             WHERE organization_id = $1 AND element_key = $2",
        )
        .bind(organization.0)
        .bind(connector.as_str())
        .fetch_optional(&self.reads)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = Columns::new("vendor_apps", &row);
        Ok(Some(VendorAppRow {
            organization_id: OrganizationId(columns.get("organization_id")?),
            element_key: columns.connector_key("element_key")?,
            api_key: columns.get("api_key")?,
            api_secret: columns.sealed("api_secret")?,
            updated_at: columns.time("updated_at")?,
        }))
    }

    /// Forgets an app. Whether there was one.
    pub async fn delete_vendor_app(
        &self,
        organization: OrganizationId,
        connector: &ConnectorKey,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM vendor_apps WHERE organization_id = $1 AND element_key = $2")
            .bind(organization.0)
            .bind(connector.as_str())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
