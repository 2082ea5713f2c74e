//! Users of organizations.

use ferrule_model::{Digest, OrganizationId, UserId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::dialect::storable;
use super::row::Columns;
use super::{Store, StoreError};

/// A user, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Their id.
    pub id: UserId,
    /// The organization they belong to.
    pub organization_id: OrganizationId,
    /// Their address.
    pub email: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// When they were made.
    pub created_at: Timestamp,
}

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Their id.
    pub id: UserId,
    /// The organization they belong to, which exists.
    pub organization_id: OrganizationId,
    /// The digest of their secret.
    pub secret_digest: Digest,
    /// Their address.
    pub email: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
    /// Now.
    pub created_at: Timestamp,
}

impl Store {
    /// The user with this secret.
    pub async fn user_by_secret(&self, secret: Digest) -> Result<Option<UserRow>, StoreError> {
        let row = sqlx::query(
            "SELECT id, organization_id, email, first_name, last_name, created_at
             FROM users WHERE secret_digest = $1",
        )
        .bind(secret.to_hex())
        .fetch_optional(&self.reads)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The user with this id.
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, StoreError> {
        let row = sqlx::query(
            "SELECT id, organization_id, email, first_name, last_name, created_at FROM users WHERE id = $1",
        )
        .bind(id.0)
        .fetch_optional(&self.reads)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Makes a user, unless the id or the secret is taken. Whether the user was made.
    pub async fn insert_user(&self, new: &NewUser) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO users (id, organization_id, secret_digest, email, first_name, last_name, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        )
        .bind(new.id.0)
        .bind(new.organization_id.0)
        .bind(new.secret_digest.to_hex())
        .bind(storable(&new.email).into_owned())
        .bind(storable(&new.first_name).into_owned())
        .bind(storable(&new.last_name).into_owned())
        .bind(new.created_at.as_microsecond())
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Gives a user another secret, and ends the sessions that the old one opened. Whether the user exists.
    pub async fn update_user_secret(&self, id: UserId, secret: Digest) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query("UPDATE users SET secret_digest = $2 WHERE id = $1")
            .bind(id.0)
            .bind(secret.to_hex())
            .execute(&mut transaction)
            .await;
        let exists = StoreError::unless_in_use(done)?.rows_affected() == 1;
        sqlx::query("DELETE FROM sessions WHERE user_id = $1")
            .bind(id.0)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(exists)
    }
}

pub(super) fn read(row: &AnyRow) -> Result<UserRow, StoreError> {
    let columns = Columns::new("users", row);
    Ok(UserRow {
        id: UserId(columns.get("id")?),
        organization_id: OrganizationId(columns.get("organization_id")?),
        email: columns.get("email")?,
        first_name: columns.get("first_name")?,
        last_name: columns.get("last_name")?,
        created_at: columns.time("created_at")?,
    })
}
