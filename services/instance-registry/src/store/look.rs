//! A look at a database that changes nothing.

use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::Row as _;

use super::dialect::Dialect;
use super::migrate::MIGRATIONS;
use super::{Store, StoreError, StoreOptions};

/// How the schema of a database stands to this version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Migrations that this version would apply, by number.
    pub missing: Vec<i64>,
    /// Migrations of a later version.
    pub newer: Vec<i64>,
}

impl Store {
    /// Connects and leaves the schema as it is; `None`: a `SQLite` file that is not there, and is not made.
    pub(crate) async fn look(url: &SecretString) -> Result<Option<Self>, StoreError> {
        let text = url.expose_secret();
        if Dialect::of(text) == Some(Dialect::Sqlite) {
            let path = text.trim_start_matches("sqlite:").trim_start_matches("//");
            let path = path.split('?').next().unwrap_or_default();
            let path = path.replace("%3F", "?").replace("%23", "#").replace("%25", "%");
            if !Path::new(&path).exists() {
                return Ok(None);
            }
        }
        let options = StoreOptions {
            connections: 1,
            ..StoreOptions::default()
        };
        Self::connect(url, &options).await.map(Some)
    }

    /// Which migrations were applied, against those that this version knows.
    pub(crate) async fn schema(&self) -> Result<Schema, StoreError> {
        let select = sqlx::query("SELECT version FROM _sqlx_migrations ORDER BY version");
        let rows = match select.fetch_all(&self.reads).await.map_err(StoreError::from) {
            Ok(rows) => rows,
            // There is no such table yet.
            Err(StoreError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let applied: Vec<i64> = rows
            .iter()
            .filter_map(|row| row.try_get("version").ok())
            .collect();
        let known = MIGRATIONS.iter().map(|(version, ..)| *version);
        Ok(Schema {
            missing: known
                .clone()
                .filter(|version| !applied.contains(version))
                .collect(),
            newer: applied
                .iter()
                .copied()
                .filter(|version| known.clone().all(|known| known != *version))
                .collect(),
        })
    }

    /// Whether the database takes writes, as far as it says so.
    pub(crate) async fn takes_writes(&self) -> Result<bool, StoreError> {
        if self.dialect == Dialect::Sqlite {
            return Ok(true);
        }
        let select = "SELECT current_setting('transaction_read_only') AS read_only";
        let row = sqlx::query(select).fetch_one(&self.reads).await?;
        Ok(row
            .try_get::<String, _>("read_only")
            .is_ok_and(|read_only| read_only == "off"))
    }
}
