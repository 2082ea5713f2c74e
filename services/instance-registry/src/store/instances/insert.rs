//! Making an instance: its code spent, its row, its tags and its idempotency key in one transaction.

use std::collections::BTreeMap;

use ferrule_model::{ConnectorKey, Digest, ElementId, InstanceId, OrganizationId, UserId};
use jiff::Timestamp;

use super::super::connections::Change;
use super::super::dialect::storable;
use super::super::idempotency::{self, IdempotentRequest};
use super::super::{
    AuditEntry, AuditEvent, By, Sealed, Store, StoreError, audit, connect_sessions, spent_codes,
};
use super::{SealedTokens, fold, json, micros, replace_tags, text};

/// An instance to be made.
#[derive(Clone, Debug)]
pub struct NewInstance {
    /// Its id, chosen by the caller.
    pub id: InstanceId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The user that makes it.
    pub user_id: UserId,
    /// Its connector.
    pub element_key: ConnectorKey,
    /// Its connector's numeric id.
    pub element_id: ElementId,
    /// Its name.
    pub name: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Configuration that is no secret.
    pub configuration: BTreeMap<String, String>,
    /// Configuration that is, sealed.
    pub secrets: Option<Sealed>,
    /// The digest of the instance token.
    pub token_digest: Digest,
    /// The instance token, sealed.
    pub token: Sealed,
    /// The vendor's tokens.
    pub tokens: SealedTokens,
    /// Whether the caller had logged in by itself.
    pub external_authentication: bool,
    /// Now.
    pub created_at: Timestamp,
    /// The id of the request that makes it.
    pub request_id: Option<String>,
    /// The connect session that it comes of, which is done with it.
    pub connect_session: Option<String>,
}

/// What became of an instance to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// It is made, for good.
    Created,
    /// Nothing was written: the code was spent before.
    CodeSpent {
        /// For this instance.
        instance_id: InstanceId,
    },
    /// Nothing was written: the connect session has made its instance.
    ConnectSpent,
    /// Nothing was written: the id belongs to another instance. Choose another and try again.
    IdTaken,
}

impl Store {
    /// Makes an instance. Of any number of callers with one code, one creates and the others learn for whom it was
    /// spent.
    pub async fn insert(
        &self,
        new: &NewInstance,
        code: Option<Digest>,
        request: Option<IdempotentRequest>,
    ) -> Result<Inserted, StoreError> {
        let mut transaction = self.begin().await?;
        let inserted = write(&mut transaction, new, code, request).await?;
        match inserted {
            Inserted::Created => transaction.commit().await?,
            Inserted::CodeSpent { .. } | Inserted::ConnectSpent | Inserted::IdTaken => {
                transaction.rollback().await?;
            }
        }
        Ok(inserted)
    }
}

async fn write(
    transaction: &mut Change,
    new: &NewInstance,
    code: Option<Digest>,
    request: Option<IdempotentRequest>,
) -> Result<Inserted, StoreError> {
    if let Some(code) = code {
        let spent_for =
            spent_codes::spend(transaction, code, new.organization_id, new.id, new.created_at).await?;
        if let Some(instance_id) = spent_for {
            return Ok(Inserted::CodeSpent { instance_id });
        }
    }
    if !write_row(transaction, new).await? {
        return Ok(Inserted::IdTaken);
    }
    if let Some(session) = &new.connect_session
        && !connect_sessions::finish(transaction, session, new.id).await?
    {
        return Ok(Inserted::ConnectSpent);
    }
    replace_tags(transaction, new.id, &new.tags).await?;
    let by = By {
        user: Some(new.user_id),
        request_id: new.request_id.clone(),
    };
    let entry = AuditEntry::new(AuditEvent::Created, new.created_at, by);
    audit::write(&mut *transaction, new.id, &entry).await?;
    if let Some(request) = request {
        idempotency::finish(transaction, new.organization_id, request, new.id, new.created_at).await?;
    }
    Ok(Inserted::Created)
}

/// Whether the row was written; if not, its id is taken.
async fn write_row(transaction: &mut Change, new: &NewInstance) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO instances (
             id, organization_id, user_id, element_key, element_id, name, name_folded, tags, configuration,
             secrets, token_digest, token_sealed, access_token, refresh_token, scope, expires_at, requested_at,
             refresh_due_at, created_at, updated_at, external_authentication, version, disabled, erased)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20, 1, 0, 0)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(new.id.0)
    .bind(new.organization_id.0)
    .bind(new.user_id.0)
    .bind(new.element_key.as_str())
    .bind(new.element_id.0)
    .bind(storable(&new.name).into_owned())
    .bind(fold(&new.name))
    .bind(json(&new.tags)?)
    .bind(json(&new.configuration)?)
    .bind(text(new.secrets.as_ref()))
    .bind(new.token_digest.to_hex())
    .bind(new.token.as_str())
    .bind(text(new.tokens.access_token.as_ref()))
    .bind(text(new.tokens.refresh_token.as_ref()))
    .bind(storable(&new.tokens.scope).into_owned())
    .bind(micros(new.tokens.expires_at))
    .bind(new.tokens.requested_at.as_microsecond())
    .bind(micros(new.tokens.refresh_due_at))
    .bind(new.created_at.as_microsecond())
    .bind(i64::from(new.external_authentication))
    .execute(transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}
