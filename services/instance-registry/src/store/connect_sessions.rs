//! Connect sessions: links by which a product's customers connect their accounts, each good for one instance.

use std::time::Duration;

use ferrule_model::{Digest, InstanceId, OrganizationId, UserId};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::connections::Change;
use super::dialect::storable;
use super::idempotency::IdempotentRequest;
use super::instances::json;
use super::row::Columns;
use super::{Store, StoreError};

/// For so long after its end a session can be asked for.
pub const CONNECT_KEPT: Duration = Duration::from_hours(24);

const COLUMNS: &str =
    "s.id, s.organization_id, s.user_id, s.elements, s.tags, s.name, s.end_user_id, s.return_url,
     s.caller_state, s.created_at, s.expires_at, s.setback, s.instance_id";

/// A connect session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRow {
    /// Its public id.
    pub id: String,
    /// The organization that owns it.
    pub organization_id: OrganizationId,
    /// Who opened it.
    pub user_id: UserId,
    /// The connectors' keys to choose from.
    pub elements: Vec<String>,
    /// The instance's tags.
    pub tags: Vec<String>,
    /// The instance's name; empty: its connector's.
    pub name: String,
    /// Who it is for, in the product's words; empty: not said.
    pub end_user_id: String,
    /// Where the customer goes back to; empty: nowhere.
    pub return_url: String,
    /// The product's own; empty: none.
    pub caller_state: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it is over.
    pub expires_at: Timestamp,
    /// How the last login ended that made nothing.
    pub setback: Option<ConnectSetback>,
    /// What it made.
    pub instance_id: Option<InstanceId>,
}

/// How a login ended that made no instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectSetback {
    /// The customer, or the vendor, said no.
    Denied,
    /// The vendor refused the code, or its answer is not known.
    Failed,
}

impl ConnectSetback {
    fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "DENIED",
            Self::Failed => "FAILED",
        }
    }
}

/// What became of a session to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum OpenedConnect {
    /// It is open; or the same request opened it before, and it has one more link.
    Session(Box<ConnectRow>),
    /// The Idempotency-Key came before with another body.
    OtherBody,
}

impl Store {
    /// Opens a session under a link.
    pub async fn open_connect(
        &self,
        new: &ConnectRow,
        link: Digest,
        request: Option<IdempotentRequest>,
    ) -> Result<OpenedConnect, StoreError> {
        let mut transaction = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO connect_sessions (
                 id, organization_id, user_id, elements, tags, name, end_user_id, return_url, caller_state,
                 created_at, expires_at, request_key, request_body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
             ON CONFLICT (organization_id, request_key) DO NOTHING",
        )
        .bind(new.id.as_str())
        .bind(new.organization_id.0)
        .bind(new.user_id.0)
        .bind(json(&new.elements)?)
        .bind(json(&new.tags)?)
        .bind(storable(&new.name).into_owned())
        .bind(storable(&new.end_user_id).into_owned())
        .bind(new.return_url.as_str())
        .bind(storable(&new.caller_state).into_owned())
        .bind(new.created_at.as_microsecond())
        .bind(new.expires_at.as_microsecond())
        .bind(request.map(|request| request.key.to_hex()))
        .bind(request.map(|request| request.body.to_hex()))
        .execute(&mut transaction)
        .await?;
        let session = match request {
            Some(request) if done.rows_affected() == 0 => {
                match earlier(&mut transaction, new.organization_id, request).await? {
                    Some(session) => session,
                    None => return Ok(OpenedConnect::OtherBody),
                }
            }
            _ => new.clone(),
        };
        sqlx::query("INSERT INTO connect_links (digest, session_id) VALUES ($1, $2)")
            .bind(link.to_hex())
            .bind(session.id.as_str())
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(OpenedConnect::Session(Box::new(session)))
    }

    /// An organization's session.
    pub async fn connect_session(
        &self,
        organization: OrganizationId,
        id: &str,
    ) -> Result<Option<ConnectRow>, StoreError> {
        let select =
            format!("SELECT {COLUMNS} FROM connect_sessions s WHERE s.organization_id = $1 AND s.id = $2");
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(organization.0)
            .bind(storable(id).into_owned())
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The session of a link.
    pub async fn connect_of_link(&self, link: Digest) -> Result<Option<ConnectRow>, StoreError> {
        let select = format!(
            "SELECT {COLUMNS} FROM connect_links l JOIN connect_sessions s ON s.id = l.session_id
             WHERE l.digest = $1"
        );
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(link.to_hex())
            .fetch_optional(&self.reads)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Remembers how the last login ended; `None`: another has begun. One that made its instance stays done.
    pub async fn set_connect_setback(
        &self,
        id: &str,
        setback: Option<ConnectSetback>,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE connect_sessions SET setback = $2 WHERE id = $1 AND instance_id IS NULL")
            .bind(id)
            .bind(setback.map(ConnectSetback::as_str))
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Forgets the sessions that were over a day ago, and their links. How many they were.
    pub async fn forget_connects(&self, now: Timestamp) -> Result<u64, StoreError> {
        let kept = i64::try_from(CONNECT_KEPT.as_micros()).unwrap_or(i64::MAX);
        let done = sqlx::query("DELETE FROM connect_sessions WHERE expires_at <= $1")
            .bind(now.as_microsecond().saturating_sub(kept))
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected())
    }
}

/// Marks a session done within the transaction that makes its instance. `false`: it made one before.
pub(super) async fn finish(
    transaction: &mut Change,
    id: &str,
    instance: InstanceId,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE connect_sessions SET instance_id = $2, setback = NULL WHERE id = $1 AND instance_id IS NULL",
    )
    .bind(id)
    .bind(instance.0)
    .execute(transaction)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The session that the same request opened; `None`: it had another body.
async fn earlier(
    transaction: &mut Change,
    organization: OrganizationId,
    request: IdempotentRequest,
) -> Result<Option<ConnectRow>, StoreError> {
    let select = format!(
        "SELECT {COLUMNS}, s.request_body FROM connect_sessions s
         WHERE s.organization_id = $1 AND s.request_key = $2"
    );
    let row = sqlx::query(AssertSqlSafe(select))
        .bind(organization.0)
        .bind(request.key.to_hex())
        .fetch_one(transaction)
        .await?;
    if Columns::new("connect_sessions", &row).digest("request_body")? != request.body {
        return Ok(None);
    }
    read(&row).map(Some)
}

fn read(row: &AnyRow) -> Result<ConnectRow, StoreError> {
    let columns = Columns::new("connect_sessions", row);
    let setback = match columns.get::<Option<String>>("setback")?.as_deref() {
        None => None,
        Some("DENIED") => Some(ConnectSetback::Denied),
        Some("FAILED") => Some(ConnectSetback::Failed),
        Some(_) => return Err(columns.bad("setback", "is no known setback")),
    };
    Ok(ConnectRow {
        id: columns.get("id")?,
        organization_id: OrganizationId(columns.get("organization_id")?),
        user_id: UserId(columns.get("user_id")?),
        elements: columns.json("elements")?,
        tags: columns.json("tags")?,
        name: columns.get("name")?,
        end_user_id: columns.get("end_user_id")?,
        return_url: columns.get("return_url")?,
        caller_state: columns.get("caller_state")?,
        created_at: columns.time("created_at")?,
        expires_at: columns.time("expires_at")?,
        setback,
        instance_id: columns.get::<Option<i64>>("instance_id")?.map(InstanceId),
    })
}
