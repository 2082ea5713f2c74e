//! Organizations and their wrapped data keys.

use ferrule_model::{Digest, OrganizationId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::dialect::storable;
use super::row::Columns;
use super::{Sealed, Store, StoreError};

/// An organization, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its data key, wrapped by a key of the ring.
    pub data_key: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An organization to be made.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The digest of its secret.
    pub secret_digest: Digest,
    /// Its data key, wrapped.
    pub data_key: Sealed,
    /// Now.
    pub created_at: Timestamp,
}

impl Store {
    /// The organization with this secret.
    pub async fn organization_by_secret(
        &self,
        secret: Digest,
    ) -> Result<Option<OrganizationRow>, StoreError> {
        let row =
            sqlx::query("SELECT id, name, data_key, created_at FROM organizations WHERE secret_digest = $1")
                .bind(secret.to_hex())
                .fetch_optional(&self.reads)
                .await?;
        row.as_ref().map(read).transpose()
    }

    /// The organization with this id.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<OrganizationRow>, StoreError> {
        let row = sqlx::query("SELECT id, name, data_key, created_at FROM organizations WHERE id = $1")
            .bind(id.0)
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The next organizations in the order of their ids, for walking through all of them. Ids begin above 0.
    pub async fn organizations_after(
        &self,
        id: OrganizationId,
        limit: u32,
    ) -> Result<Vec<OrganizationRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, name, data_key, created_at FROM organizations WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(id.0)
        .bind(i64::from(limit))
        .fetch_all(&self.reads)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Makes an organization, unless its id or its secret is taken. Whether it was made.
    pub async fn insert_organization(&self, new: &NewOrganization) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO organizations (id, name, secret_digest, data_key, created_at)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(new.id.0)
        .bind(storable(&new.name).into_owned())
        .bind(new.secret_digest.to_hex())
        .bind(new.data_key.as_str())
        .bind(new.created_at.as_microsecond())
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives an organization another name. Whether it had another.
    pub async fn rename_organization(&self, id: OrganizationId, name: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE organizations SET name = $2 WHERE id = $1 AND name <> $2")
            .bind(id.0)
            .bind(storable(name).into_owned())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives an organization another secret, and ends its users' sessions. Whether the organization exists.
    pub async fn update_organization_secret(
        &self,
        id: OrganizationId,
        secret: Digest,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE organizations SET secret_digest = $2 WHERE id = $1")
            .bind(id.0)
            .bind(secret.to_hex())
            .execute(&mut transaction)
            .await;
        let exists = StoreError::unless_in_use(done)?.rows_affected() == 1;
        sqlx::query(
            "DELETE FROM sessions WHERE user_id IN (SELECT id FROM users WHERE organization_id = $1)",
        )
        .bind(id.0)
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        Ok(exists)
    }

    /// Replaces a data key if it still is `old`. Whether it was.
    pub async fn replace_data_key(
        &self,
        id: OrganizationId,
        old: &Sealed,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE organizations SET data_key = $3 WHERE id = $1 AND data_key = $2")
            .bind(id.0)
            .bind(old.as_str())
            .bind(new.as_str())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn read(row: &AnyRow) -> Result<OrganizationRow, StoreError> {
    let columns = Columns::new("organizations", row);
    Ok(OrganizationRow {
        id: OrganizationId(columns.get("id")?),
        name: columns.get("name")?,
        data_key: columns.sealed("data_key")?,
        created_at: columns.time("created_at")?,
    })
}
