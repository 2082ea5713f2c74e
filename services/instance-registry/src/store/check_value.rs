//! Check values: sealed text that tells whether a key ring is this database's.

use super::row::Columns;
use super::{Sealed, Store, StoreError};

impl Store {
    /// The check value of this name.
    pub async fn check_value(&self, name: &str) -> Result<Option<Sealed>, StoreError> {
        let row = sqlx::query("SELECT value FROM check_value WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.reads)
            .await?;
        row.map(|row| Columns::new("check_value", &row).sealed("value"))
            .transpose()
    }

    /// Keeps a check value, unless there is one. Whether it was kept.
    pub async fn insert_check_value(&self, name: &str, value: &Sealed) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO check_value (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name)
        .bind(value.as_str())
        .execute(&self.writes)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Replaces a check value if it still is `old`. Whether it was.
    pub async fn replace_check_value(
        &self,
        name: &str,
        old: &Sealed,
        new: &Sealed,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE check_value SET value = $3 WHERE name = $1 AND value = $2")
            .bind(name)
            .bind(old.as_str())
            .bind(new.as_str())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
