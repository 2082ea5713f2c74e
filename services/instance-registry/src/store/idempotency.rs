//! Idempotency keys: the same request, sent twice, is one request.

use std::time::Duration;

use ferrule_model::{Digest, InstanceId, OrganizationId};
use jiff::Timestamp;

use super::connections::Change;
use super::row::Columns;
use super::{Store, StoreError};

/// How long a key is remembered (design, "No token is lost").
pub const IDEMPOTENCY_LIFETIME: Duration = Duration::from_hours(24);

/// A request that carries an idempotency key.
#[derive(Clone, Copy, Debug)]
pub struct IdempotentRequest {
    /// The key's digest.
    pub key: Digest,
    /// The body's digest.
    pub body: Digest,
}

/// What claiming a key found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdempotencyClaim {
    /// The key is new, or forgotten: the request is the caller's to fulfil.
    Fresh,
    /// The same request came before.
    Same {
        /// What it made; `None`: it is under way, or ended without an instance.
        instance: Option<InstanceId>,
    },
    /// The key came before with another body.
    OtherBody,
}

impl Store {
    /// Claims an idempotency key for a request.
    pub async fn claim_idempotency(
        &self,
        organization: OrganizationId,
        request: IdempotentRequest,
        now: Timestamp,
    ) -> Result<IdempotencyClaim, StoreError> {
        let mut transaction = self.begin().await?;
        let claimed = sqlx::query(
            "INSERT INTO idempotency_keys (organization_id, key_digest, body_digest, instance_id, created_at)
             VALUES ($1, $2, $3, NULL, $4)
             ON CONFLICT (organization_id, key_digest) DO UPDATE
             SET body_digest = excluded.body_digest, instance_id = NULL, created_at = excluded.created_at
             WHERE idempotency_keys.created_at <= $5",
        )
        .bind(organization.0)
        .bind(request.key.to_hex())
        .bind(request.body.to_hex())
        .bind(now.as_microsecond())
        .bind(forgotten_before(now))
        .execute(&mut transaction)
        .await?
        .rows_affected()
            == 1;
        let claim = if claimed {
            IdempotencyClaim::Fresh
        } else {
            earlier(&mut transaction, organization, request).await?
        };
        transaction.commit().await?;
        Ok(claim)
    }

    /// Keeps what a claimed request made, where nothing is kept yet.
    pub async fn finish_idempotency(
        &self,
        organization: OrganizationId,
        request: IdempotentRequest,
        instance: InstanceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        finish(&mut transaction, organization, request, instance, now).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets the keys whose time is over. How many they were.
    pub async fn forget_idempotency(&self, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= $1")
            .bind(forgotten_before(now))
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected())
    }
}

/// Keeps what a request made, within the transaction that makes it.
pub(super) async fn finish(
    transaction: &mut Change,
    organization: OrganizationId,
    request: IdempotentRequest,
    instance: InstanceId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO idempotency_keys (organization_id, key_digest, body_digest, instance_id, created_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (organization_id, key_digest) DO UPDATE SET instance_id = excluded.instance_id
         WHERE idempotency_keys.body_digest = excluded.body_digest AND idempotency_keys.instance_id IS NULL",
    )
    .bind(organization.0)
    .bind(request.key.to_hex())
    .bind(request.body.to_hex())
    .bind(instance.0)
    .bind(now.as_microsecond())
    .execute(transaction)
    .await?;
    Ok(())
}

async fn earlier(
    transaction: &mut Change,
    organization: OrganizationId,
    request: IdempotentRequest,
) -> Result<IdempotencyClaim, StoreError> {
    let row = sqlx::query(
        "SELECT body_digest, instance_id FROM idempotency_keys WHERE organization_id = $1 AND key_digest = $2",
    )
    .bind(organization.0)
    .bind(request.key.to_hex())
    .fetch_one(transaction)
    .await?;
    let columns = Columns::new("idempotency_keys", &row);
    if columns.digest("body_digest")? != request.body {
        return Ok(IdempotencyClaim::OtherBody);
    }
    Ok(IdempotencyClaim::Same {
        instance: columns.get::<Option<i64>>("instance_id")?.map(InstanceId),
    })
}

fn forgotten_before(now: Timestamp) -> i64 {
    let lifetime = i64::try_from(IDEMPOTENCY_LIFETIME.as_micros()).unwrap_or(i64::MAX);
    now.as_microsecond().saturating_sub(lifetime)
}
