//! Vendor apps that nobody refreshes with for now: the vendor refuses them, or asks to wait.

use std::time::Duration;

use ferrule_model::{ConnectorKey, Digest, InstanceId, OrganizationId};
use sqlx::AssertSqlSafe;

use super::row::Columns;
use super::{Fault, Store, StoreError};

/// A vendor app as an organization uses it.
#[derive(Clone, Debug)]
pub struct App {
    /// The digest of organization, connector, client id and client secret.
    pub client: Digest,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The connector.
    pub element_key: ConnectorKey,
}

/// Why an app pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseReason {
    /// The vendor refuses the app, until anything succeeds with it. When the time is over, one may probe.
    Misconfigured,
    /// The vendor asks to wait until the time is over.
    Throttled,
}

/// Whether a refresh with an app may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Gate {
    /// It may. For an app that the vendor refuses: this caller is the probe, and the next comes after the interval.
    Open,
    /// It may not.
    Paused {
        /// Why.
        reason: PauseReason,
        /// For how long yet.
        left: Duration,
    },
}

impl PauseReason {
    fn as_str(self) -> &'static str {
        match self {
            Self::Misconfigured => Fault::AppMisconfigured.as_str(),
            Self::Throttled => "THROTTLED",
        }
    }
}

impl Store {
    /// Pauses an app. A vendor that refuses it outweighs one that asks to wait; of two waits the longer counts.
    pub async fn pause_app(&self, app: &App, reason: PauseReason, pause: Duration) -> Result<(), StoreError> {
        let upsert = format!(
            "INSERT INTO paused_apps (client, organization_id, element_key, reason, until)
             VALUES ($1, $2, $3, $4, {now} + $5)
             ON CONFLICT (client) DO UPDATE SET reason = excluded.reason, until = excluded.until
             WHERE excluded.reason = 'APP_MISCONFIGURED'
                 OR (paused_apps.reason <> 'APP_MISCONFIGURED' AND paused_apps.until < excluded.until)",
            now = self.dialect.now()
        );
        sqlx::query(AssertSqlSafe(upsert))
            .bind(app.client.to_hex())
            .bind(app.organization_id.0)
            .bind(app.element_key.as_str())
            .bind(reason.as_str())
            .bind(micros(pause))
            .execute(&self.writes)
            .await?;
        Ok(())
    }

    /// Whether a refresh with this app may begin. Of those who ask when a probe is due, one gets it.
    pub async fn app_gate(&self, client: Digest, probe_interval: Duration) -> Result<Gate, StoreError> {
        let now = self.dialect.now();
        let select = format!("SELECT reason, until - {now} AS time_left FROM paused_apps WHERE client = $1");
        let row = sqlx::query(AssertSqlSafe(select))
            .bind(client.to_hex())
            .fetch_optional(&self.reads)
            .await?;
        let Some(row) = row else { return Ok(Gate::Open) };
        let columns = Columns::new("paused_apps", &row);
        let reason = match columns.get::<String>("reason")?.as_str() {
            "APP_MISCONFIGURED" => PauseReason::Misconfigured,
            "THROTTLED" => PauseReason::Throttled,
            _ => return Err(columns.bad("reason", "is no known reason")),
        };
        let left = u64::try_from(columns.get::<i64>("time_left")?).unwrap_or_default();
        if left > 0 {
            let left = Duration::from_micros(left);
            return Ok(Gate::Paused { reason, left });
        }
        if reason == PauseReason::Throttled || self.take_probe(client, probe_interval).await? {
            return Ok(Gate::Open);
        }
        Ok(Gate::Paused {
            reason,
            left: probe_interval,
        })
    }

    /// The vendor takes an app: nothing pauses any more because it was refused, and what did is due now. How many
    /// instances that were. A wait that the vendor asked for goes on.
    pub async fn lift_app(&self, client: Digest) -> Result<u64, StoreError> {
        // Every refresh asks this: hardly ever is there anything to lift.
        let paused =
            sqlx::query("SELECT client FROM paused_apps WHERE client = $1 AND reason = 'APP_MISCONFIGURED'")
                .bind(client.to_hex())
                .fetch_optional(&self.reads)
                .await?;
        if paused.is_none() {
            return Ok(0);
        }
        // Committed first: an instance that pauses meanwhile is either found below or finds nothing to pause for.
        sqlx::query("DELETE FROM paused_apps WHERE client = $1 AND reason = 'APP_MISCONFIGURED'")
            .bind(client.to_hex())
            .execute(&self.writes)
            .await?;
        let update = format!(
            "UPDATE instances SET verdict = NULL, verdict_words = NULL, paused_by = NULL, refresh_due_at = {now}
             WHERE paused_by = $1 AND verdict = 'APP_MISCONFIGURED' AND lease_owner IS NULL",
            now = self.dialect.now()
        );
        let done = sqlx::query(AssertSqlSafe(update))
            .bind(client.to_hex())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected())
    }

    /// Frees an instance that was paused because of an app that pauses no more: somebody else's refresh went well in
    /// the same moment. Whether it was freed.
    pub async fn free_unless_paused(&self, id: InstanceId, client: Digest) -> Result<bool, StoreError> {
        let update = format!(
            "UPDATE instances SET verdict = NULL, verdict_words = NULL, paused_by = NULL, refresh_due_at = {now}
             WHERE id = $1 AND paused_by = $2 AND lease_owner IS NULL
                 AND NOT EXISTS (SELECT 1 FROM paused_apps WHERE client = $2)",
            now = self.dialect.now()
        );
        let done = sqlx::query(AssertSqlSafe(update))
            .bind(id.0)
            .bind(client.to_hex())
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    async fn take_probe(&self, client: Digest, interval: Duration) -> Result<bool, StoreError> {
        let update = format!(
            "UPDATE paused_apps SET until = {now} + $2 WHERE client = $1 AND until <= {now}",
            now = self.dialect.now()
        );
        let done = sqlx::query(AssertSqlSafe(update))
            .bind(client.to_hex())
            .bind(micros(interval))
            .execute(&self.writes)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2)
}
