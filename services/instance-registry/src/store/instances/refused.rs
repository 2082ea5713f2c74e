//! An access token that the vendor refuses when its refresh token is no longer honoured either.

use ferrule_model::InstanceId;

use super::super::{Store, StoreError};

impl Store {
    /// Remembers that the vendor refused the access token of this version, of an instance whose user has to log in
    /// again anyway. A new pair is another version.
    pub async fn remember_refused(&self, id: InstanceId, version: i64) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE instances SET refused_version = version
             WHERE id = $1 AND version = $2 AND verdict = 'REAUTHORIZATION_REQUIRED'",
        )
        .bind(id.0)
        .bind(version)
        .execute(&self.writes)
        .await?;
        Ok(())
    }
}
