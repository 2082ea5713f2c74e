//! One code, one instance (design, "No token is lost").

use ferrule_model::{Digest, InstanceId, OrganizationId};
use jiff::Timestamp;

use super::connections::Change;
use super::row::Columns;
use super::{Store, StoreError};

/// What became of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpentCode {
    /// The instance it was spent for.
    pub instance_id: InstanceId,
    /// That instance's organization.
    pub organization_id: OrganizationId,
    /// Whether that instance has been deleted since.
    pub deleted: bool,
}

impl Store {
    /// The instance that a code (or handshake), known by its digest, was spent for. Kept for ever.
    pub async fn instance_of_code(&self, code: Digest) -> Result<Option<SpentCode>, StoreError> {
        let row = sqlx::query(
            "SELECT s.instance_id, s.organization_id, i.id AS live_id
             FROM spent_codes s LEFT JOIN instances i ON i.id = s.instance_id AND i.deleted_at IS NULL
             WHERE s.digest = $1",
        )
        .bind(code.to_hex())
        .fetch_optional(&self.reads)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let columns = Columns::new("spent_codes", &row);
        Ok(Some(SpentCode {
            instance_id: InstanceId(columns.get("instance_id")?),
            organization_id: OrganizationId(columns.get("organization_id")?),
            deleted: columns.get::<Option<i64>>("live_id")?.is_none(),
        }))
    }
}

/// Spends a code within the caller's transaction. `Some`: it was spent before, for this instance.
///
/// While another transaction is spending the same code, this waits for its end.
pub(super) async fn spend(
    transaction: &mut Change,
    code: Digest,
    organization: OrganizationId,
    instance: InstanceId,
    now: Timestamp,
) -> Result<Option<InstanceId>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO spent_codes (digest, organization_id, instance_id, created_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (digest) DO NOTHING",
    )
    .bind(code.to_hex())
    .bind(organization.0)
    .bind(instance.0)
    .bind(now.as_microsecond())
    .execute(&mut *transaction)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query("SELECT instance_id FROM spent_codes WHERE digest = $1")
        .bind(code.to_hex())
        .fetch_one(transaction)
        .await?;
    Ok(Some(InstanceId(
        Columns::new("spent_codes", &row).get("instance_id")?,
    )))
}
