//! Sessions of browsers that signed in: digests, and how long they last.

use std::time::Duration;

use ferrule_model::{Digest, UserId};
use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;

use super::row::Columns;
use super::users::{self, UserRow};
use super::{Store, StoreError};

/// A session that nobody uses for this long is over.
pub const IDLE_LIFETIME: Duration = Duration::from_hours(1);
/// A session is over after this long, however much it is used.
pub const SESSION_LIFETIME: Duration = Duration::from_hours(12);
/// Use is written down at most this often.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// Who is behind a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The user who signed in.
    pub user: UserRow,
    /// The name of their organization.
    pub organization_name: String,
}

impl Store {
    /// Opens a session. Its digest is that of 256 random bits, and new.
    pub async fn open_session(
        &self,
        session: Digest,
        user: UserId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO sessions (digest, user_id, created_at, seen_at) VALUES ($1, $2, $3, $3)")
            .bind(session.to_hex())
            .bind(user.0)
            .bind(now.as_microsecond())
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Who is behind a session that is not over; this counts as its use.
    pub async fn use_session(
        &self,
        session: Digest,
        now: Timestamp,
    ) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query(
            "SELECT users.id, users.organization_id, users.email, users.first_name, users.last_name,
                    users.created_at, organizations.name AS organization_name, sessions.seen_at
             FROM sessions JOIN users ON users.id = sessions.user_id
             JOIN organizations ON organizations.id = users.organization_id
             WHERE sessions.digest = $1 AND sessions.seen_at > $2 AND sessions.created_at > $3",
        )
        .bind(session.to_hex())
        .bind(before(now, IDLE_LIFETIME))
        .bind(before(now, SESSION_LIFETIME))
        .fetch_optional(&self.reads)
        .await?;
        let Some((found, seen_at)) = row.as_ref().map(read).transpose()? else {
            return Ok(None);
        };
        if now.duration_since(seen_at) >= SEEN_EVERY {
            sqlx::query("UPDATE sessions SET seen_at = $2 WHERE digest = $1")
                .bind(session.to_hex())
                .bind(now.as_microsecond())
                .execute(&self.writes)
                .await?;
        }
        Ok(Some(found))
    }

    /// Ends a session. One that is over already is no error.
    pub async fn close_session(&self, session: Digest) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE digest = $1")
            .bind(session.to_hex())
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Forgets the sessions that are over. How many they were.
    pub async fn forget_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM sessions WHERE created_at <= $1 OR seen_at <= $2")
            .bind(before(now, SESSION_LIFETIME))
            .bind(before(now, IDLE_LIFETIME))
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected())
    }
}

fn read(row: &AnyRow) -> Result<(SessionRow, Timestamp), StoreError> {
    let columns = Columns::new("sessions", row);
    let session = SessionRow {
        user: users::read(row)?,
        organization_name: columns.get("organization_name")?,
    };
    Ok((session, columns.time("seen_at")?))
}

fn before(now: Timestamp, lifetime: Duration) -> i64 {
    let lifetime = i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX);
    now.as_microsecond().saturating_sub(lifetime)
}
