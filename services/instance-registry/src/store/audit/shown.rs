//! That instances' tokens were shown: once an hour for each instance and user, whichever replica shows them.

use ferrule_model::{InstanceId, UserId};
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _};

use super::super::{Store, StoreError};
use super::{AuditEntry, AuditEvent, By, write};

impl Store {
    /// Keeps that a user is shown the tokens of these instances, for those whose token it was not shown within this
    /// hour (counted from 1970) before.
    pub async fn tokens_shown(
        &self,
        instances: &[InstanceId],
        user: UserId,
        hour: i64,
        at: Timestamp,
        by: &By,
    ) -> Result<(), StoreError> {
        // In order, so that two who show the same ones do not wait for each other crosswise.
        let mut instances = instances.to_vec();
        instances.sort_unstable();
        instances.dedup();
        if instances.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = (0..instances.len())
            .map(|n| format!("(${}, $1, $2)", n + 3))
            .collect();
        let upsert = format!(
            "INSERT INTO tokens_shown (instance_id, user_id, hour) VALUES {}
             ON CONFLICT (instance_id, user_id) DO UPDATE SET hour = excluded.hour
             WHERE tokens_shown.hour < excluded.hour RETURNING instance_id",
            values.join(", ")
        );
        let mut transaction = self.begin().await?;
        let mut query = sqlx::query(AssertSqlSafe(upsert)).bind(user.0).bind(hour);
        for instance in &instances {
            query = query.bind(instance.0);
        }
        let entry = AuditEntry::new(AuditEvent::SecretShown, at, by.clone());
        for row in query.fetch_all(&mut transaction).await? {
            write(&mut transaction, InstanceId(row.try_get("instance_id")?), &entry).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}
