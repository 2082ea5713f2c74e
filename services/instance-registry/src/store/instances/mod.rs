//! Connector instances: their rows, and a verb a file.

mod delete;
mod due;
mod fault;
mod find;
mod insert;
mod lease;
mod list;
mod reauthenticate;
mod refused;
mod update;

pub use due::DueConnector;
#[cfg(test)]
pub(super) use due::{claim_due, next_due};
pub use fault::Fault;
pub use insert::{Inserted, NewInstance};
pub use lease::{LEASE, Setback};
pub use list::{Cursor, Filter, Page};
pub use reauthenticate::Reauthenticated;
pub use update::{Changes, Updated};

use std::collections::BTreeMap;

use ferrule_model::{ConnectorKey, Digest, ElementId, InstanceId, OrganizationId, UserId};
use jiff::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;

use super::connections::Change;
use super::dialect::storable;
use super::row::Columns;
use super::{Sealed, StoreError};

/// A vendor's token pair, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTokens {
    /// The access token.
    pub access_token: Option<Sealed>,
    /// The refresh token.
    pub refresh_token: Option<Sealed>,
    /// What was granted.
    pub scope: String,
    /// When the access token ends; `None`: it does not.
    pub expires_at: Option<Timestamp>,
    /// When the token request was sent.
    pub requested_at: Timestamp,
    /// When a refresh should begin; `None`: never by itself.
    pub refresh_due_at: Option<Timestamp>,
}

/// An instance that is not erased, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRow {
    /// Its id.
    pub id: InstanceId,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// The user that made it.
    pub user_id: UserId,
    /// Its connector.
    pub element_key: ConnectorKey,
    /// Its connector's numeric id.
    pub element_id: ElementId,
    /// Its name.
    pub name: String,
    /// Its tags, in their order.
    pub tags: Vec<String>,
    /// Configuration that is no secret.
    pub configuration: BTreeMap<String, String>,
    /// Configuration that is, as one sealed text.
    pub secrets: Option<Sealed>,
    /// The instance token.
    pub token: Sealed,
    /// The vendor's tokens.
    pub tokens: SealedTokens,
    /// Which token pair this is, from 1.
    pub version: i64,
    /// Whether its owner disabled it.
    pub disabled: bool,
    /// Why it is not valid; `None`: it is.
    pub verdict: Option<Fault>,
    /// The vendor's words with the last refresh that failed.
    pub verdict_words: Option<String>,
    /// How many refreshes failed since the last that did not.
    pub failures: i64,
    /// Whether the caller that made it had logged in by itself.
    pub external_authentication: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed: later with every change.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Who holds the lease of a refresh.
    pub lease_owner: Option<String>,
    /// When that lease ends.
    pub lease_until: Option<Timestamp>,
    /// The digest of the refresh token that is about to be spent.
    pub intent: Option<Digest>,
    /// When the first call was made through it.
    pub first_used_at: Option<Timestamp>,
    /// The version whose access token the vendor refused when it no longer honoured the refresh token either.
    pub refused_version: Option<i64>,
}

/// The columns of [`InstanceRow`].
macro_rules! instance_columns {
    () => {
        "id, organization_id, user_id, element_key, element_id, name, tags, configuration, secrets,
         token_sealed, access_token, refresh_token, scope, expires_at, requested_at, refresh_due_at,
         version, disabled, verdict, verdict_words, failures, external_authentication, created_at, updated_at,
         deleted_at, lease_owner, lease_until, intent, first_used_at, refused_version"
    };
}
use instance_columns;

/// These, selected from `instances` and followed by a literal.
macro_rules! select_instances {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            $crate::store::instances::instance_columns!(),
            " FROM instances ",
            $rest
        )
    };
}
use select_instances;

fn read(row: &AnyRow) -> Result<InstanceRow, StoreError> {
    let columns = Columns::new("instances", row);
    Ok(InstanceRow {
        id: InstanceId(columns.get("id")?),
        organization_id: OrganizationId(columns.get("organization_id")?),
        user_id: UserId(columns.get("user_id")?),
        element_key: columns.connector_key("element_key")?,
        element_id: ElementId(columns.get("element_id")?),
        name: columns.get("name")?,
        tags: columns.json("tags")?,
        configuration: columns.json("configuration")?,
        secrets: columns.optional_sealed("secrets")?,
        token: columns.sealed("token_sealed")?,
        tokens: SealedTokens {
            access_token: columns.optional_sealed("access_token")?,
            refresh_token: columns.optional_sealed("refresh_token")?,
            scope: columns.get("scope")?,
            expires_at: columns.optional_time("expires_at")?,
            requested_at: columns.time("requested_at")?,
            refresh_due_at: columns.optional_time("refresh_due_at")?,
        },
        version: columns.get("version")?,
        disabled: columns.flag("disabled")?,
        verdict: columns
            .get::<Option<String>>("verdict")?
            .map(|text| Fault::from_text(&text).ok_or_else(|| columns.bad("verdict", "is no known fault")))
            .transpose()?,
        verdict_words: columns.get("verdict_words")?,
        failures: columns.get("failures")?,
        external_authentication: columns.flag("external_authentication")?,
        created_at: columns.time("created_at")?,
        updated_at: columns.time("updated_at")?,
        deleted_at: columns.optional_time("deleted_at")?,
        lease_owner: columns.get("lease_owner")?,
        lease_until: columns.optional_time("lease_until")?,
        intent: columns.optional_digest("intent")?,
        first_used_at: columns.optional_time("first_used_at")?,
        refused_version: columns.get("refused_version")?,
    })
}

/// Writes an instance's tags, a row each, in place of those it had.
async fn replace_tags(
    transaction: &mut Change,
    instance: InstanceId,
    tags: &[String],
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM instance_tags WHERE instance_id = $1")
        .bind(instance.0)
        .execute(&mut *transaction)
        .await?;
    for tag in tags {
        sqlx::query("INSERT INTO instance_tags (instance_id, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(instance.0)
            .bind(storable(tag).into_owned())
            .execute(&mut *transaction)
            .await?;
    }
    Ok(())
}

/// A name as the search compares it.
fn fold(name: &str) -> String {
    storable(name).to_lowercase()
}

pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()).into())
}

fn text(value: Option<&Sealed>) -> Option<String> {
    value.map(|sealed| sealed.as_str().to_owned())
}

fn micros(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::as_microsecond)
}
