//! Which instances are due for a refresh, and whose they are.
//!
//! Both statements walk the partial index `instances_due` (connector, then time): their price follows the number of
//! connectors and of rows taken, never the number of rows that are not due.

use std::time::Duration;

use ferrule_model::ConnectorKey;
use sqlx::AssertSqlSafe;

use super::super::dialect::Dialect;
use super::super::row::Columns;
use super::super::{Store, StoreError};
use super::{InstanceRow, LEASE, instance_columns, read};

/// What the index covers, word for word.
macro_rules! schedulable {
    () => {
        "refresh_due_at IS NOT NULL AND deleted_at IS NULL AND disabled = 0"
    };
}

/// A connector, and how long until its next instance is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueConnector {
    /// The connector.
    pub connector: ConnectorKey,
    /// Zero: at least one is due.
    pub due_in: Duration,
    /// How long it has been due.
    pub overdue: Duration,
}

impl Store {
    /// When each connector's next instance is due. Connectors without any are left out.
    pub async fn next_due(&self) -> Result<Vec<DueConnector>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(next_due(self.dialect)))
            .fetch_all(&self.reads)
            .await?;
        rows.iter()
            .map(|row| {
                let columns = Columns::new("instances", row);
                let due_in = columns.get::<i64>("due_in")?;
                let micros = |time: i64| Duration::from_micros(u64::try_from(time).unwrap_or_default());
                Ok(DueConnector {
                    connector: columns.connector_key("element_key")?,
                    due_in: micros(due_in),
                    overdue: micros(due_in.saturating_neg()),
                })
            })
            .collect()
    }

    /// Takes the leases of up to `limit` of a connector's instances that are due, the longest due first. Replicas that
    /// ask at once get different ones.
    pub async fn claim_due(
        &self,
        connector: &ConnectorKey,
        owner: &str,
        limit: u32,
    ) -> Result<Vec<InstanceRow>, StoreError> {
        let claim = claim_due(self.dialect);
        let rows = sqlx::query(AssertSqlSafe(claim))
            .bind(connector.as_str())
            .bind(owner)
            .bind(i64::from(limit))
            .fetch_all(&self.writes)
            .await?;
        // One row that cannot be read keeps no other from being refreshed.
        let readable = rows.iter().filter_map(|row| {
            read(row)
                .inspect_err(|error| {
                    tracing::error!(event = "bad_row", cause = %error, "an instance cannot be refreshed");
                })
                .ok()
        });
        Ok(readable.collect())
    }
}

/// From connector to connector through the index, and at each the first moment.
///
/// PostgreSQL brings both with one look into the index. `SQLite` knows no LATERAL: two looks.
pub(in crate::store) fn next_due(dialect: Dialect) -> String {
    let moments = match dialect {
        Dialect::Postgres => concat!(
            "moments (element_key, due_at) AS (
                 (SELECT element_key, refresh_due_at FROM instances WHERE ",
            schedulable!(),
            " ORDER BY element_key, refresh_due_at LIMIT 1)
                 UNION ALL
                 SELECT following.element_key, following.refresh_due_at FROM moments, LATERAL (
                     SELECT element_key, refresh_due_at FROM instances
                     WHERE element_key > moments.element_key AND ",
            schedulable!(),
            " ORDER BY element_key, refresh_due_at LIMIT 1) following
             )"
        ),
        Dialect::Sqlite => concat!(
            "connectors (element_key) AS (
                 SELECT MIN(element_key) FROM instances WHERE ",
            schedulable!(),
            " UNION ALL
                 SELECT (SELECT MIN(element_key) FROM instances
                         WHERE element_key > connectors.element_key AND ",
            schedulable!(),
            ") FROM connectors WHERE connectors.element_key IS NOT NULL
             ), moments AS MATERIALIZED (
                 SELECT element_key, (SELECT MIN(refresh_due_at) FROM instances
                     WHERE instances.element_key = connectors.element_key AND ",
            schedulable!(),
            ") AS due_at FROM connectors WHERE element_key IS NOT NULL
             )"
        ),
    };
    format!(
        "WITH RECURSIVE {moments}
         SELECT element_key, due_at - {now} AS due_in FROM moments WHERE due_at IS NOT NULL",
        now = dialect.now()
    )
}

/// A claimed row is due again when its lease is over: it leaves the part of the index that is walked here.
pub(in crate::store) fn claim_due(dialect: Dialect) -> String {
    let now = dialect.now();
    let due = format!(
        concat!(
            "SELECT id FROM instances WHERE element_key = $1 AND refresh_due_at <= {now} AND ",
            schedulable!(),
            " AND (lease_until IS NULL OR lease_until <= {now}) ORDER BY refresh_due_at LIMIT $3"
        ),
        now = now
    );
    format!(
        concat!(
            "UPDATE instances SET lease_owner = $2, lease_until = {now} + {lease},
                 refresh_due_at = {now} + {lease}
             WHERE {claimed} RETURNING ",
            instance_columns!()
        ),
        now = now,
        lease = LEASE.as_micros(),
        claimed = dialect.id_claimed_by(&due)
    )
}
