//! The registry's rows: one query path over PostgreSQL and SQLite.
//!
//! Every statement is the same text on both; the few words that differ stand in `dialect`. Secrets arrive and
//! leave sealed: nothing here can open them. Where two callers race, the database decides, by a unique key or by
//! a compare-and-set, and the answer says who won.

mod audit;
mod check_value;
mod connect_origins;
mod connect_sessions;
mod connections;
mod dialect;
mod error;
mod idempotency;
mod instances;
mod look;
mod migrate;
mod open;
mod organizations;
mod paused_apps;
mod row;
mod sealed;
mod sessions;
mod spent_codes;
mod statement;
mod users;
mod vendor_apps;

#[cfg(test)]
mod tests;

pub use audit::{AuditCursor, AuditEntry, AuditEvent, AuditPage, AuditRow, By, NEWEST_KEPT};
pub use connect_sessions::{CONNECT_KEPT, ConnectRow, ConnectSetback, OpenedConnect};
pub use error::StoreError;
pub use idempotency::{IDEMPOTENCY_LIFETIME, IdempotencyClaim, IdempotentRequest};
pub use instances::{
    Changes, Cursor, DueConnector, Fault, Filter, Inserted, InstanceRow, LEASE, NewInstance, Page,
    Reauthenticated, SealedTokens, Setback, Updated,
};
pub use look::Schema;
pub use open::StoreOptions;
pub use organizations::{NewOrganization, OrganizationRow};
pub use paused_apps::{App, Gate, PauseReason};
pub use sealed::Sealed;
pub use sessions::{IDLE_LIFETIME, SESSION_LIFETIME, SessionRow};
pub use spent_codes::SpentCode;
pub(crate) use statement::SECONDS as STATEMENT_SECONDS;
pub use users::{NewUser, UserRow};
pub use vendor_apps::VendorAppRow;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use connections::{Change, Connections};
use dialect::Dialect;
use row::Columns;

/// The registry's database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    dialect: Dialect,
    reads: Connections,
    // One connection on SQLite, so that this process's writers queue here and not at the file's lock.
    writes: Connections,
}

impl Store {
    /// Asks the database for a sign of life.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.reads).await?;
        Ok(())
    }

    /// The time on the database's clock.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        let select = format!("SELECT {} AS now", self.dialect.now());
        let row = sqlx::query(AssertSqlSafe(select)).fetch_one(&self.reads).await?;
        Columns::new("the clock", &row).time("now")
    }

    /// How many connections are open, and how many of those are idle.
    pub(crate) fn connections(&self) -> (u32, u32) {
        let pools = [&self.reads, &self.writes];
        // On PostgreSQL both are one pool.
        let pools = &pools[..if self.dialect.is_shared() { 1 } else { 2 }];
        let idle = |pool: &&Connections| u32::try_from(pool.pool.num_idle()).unwrap_or(u32::MAX);
        (
            pools.iter().map(|pool| pool.pool.size()).sum(),
            pools.iter().map(idle).sum(),
        )
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(&self) {
        self.reads.pool.close().await;
        self.writes.pool.close().await;
    }

    /// A transaction that writes. Dropped without a commit, it leaves nothing.
    async fn begin(&self) -> Result<Change, StoreError> {
        Ok(self.writes.begin(self.dialect.begin()).await?)
    }
}
