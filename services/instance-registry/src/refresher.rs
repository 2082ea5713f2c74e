//! Keeps pairs fresh without being asked: sleeps until the next one is due, and refreshes it ahead of its end.
//!
//! Any number of replicas share the work: each row is claimed under its lease, by one of them.

use std::collections::HashMap;
use std::time::Duration;

use ferrule_model::ConnectorKey;
use tokio::time::Instant;

use crate::meters;
use crate::pace::Pace;
use crate::refresh::{new_owner, refresh};
use crate::state::Registry;
use crate::store::{InstanceRow, StoreError};

/// However much changes, the schedule is read no more often.
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);
/// Another replica's instances become due too, and it may be gone by then.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long a database that is away is left alone.
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);

/// Refreshes what is due until the registry stops.
pub(crate) async fn run(registry: Registry) {
    match registry.store.void_leases().await {
        Ok(0) => {}
        Ok(leases) => tracing::info!(
            event = "leases_void",
            leases,
            "an earlier process left refreshes unfinished"
        ),
        Err(error) => tracing::warn!(event = "database_away", cause = %error, "leases end by themselves"),
    }
    let mut paces = HashMap::new();
    loop {
        let sleep = match refresh_due(&registry, &mut paces).await {
            Ok(sleep) => sleep.clamp(SHORTEST_SLEEP, LONGEST_SLEEP),
            Err(error) => {
                tracing::warn!(event = "database_away", cause = %error, "what is due is refreshed later");
                AFTER_A_FAILURE
            }
        };
        tokio::select! {
            () = registry.stopping.cancelled() => return,
            () = tokio::time::sleep(sleep) => {}
            () = change(&registry) => {}
        }
    }
}

/// Returns when something has come to be due at another time, though not at once.
async fn change(registry: &Registry) {
    tokio::time::sleep(SHORTEST_SLEEP).await;
    registry.due_changed.notified().await;
}

/// Begins what is due as far as each connector's pace allows. How long until there is more to do.
async fn refresh_due(
    registry: &Registry,
    paces: &mut HashMap<ConnectorKey, Pace>,
) -> Result<Duration, StoreError> {
    if registry.master_keys.ring().is_err() {
        // Sealed: nothing could be opened.
        return Ok(AFTER_A_FAILURE);
    }
    let mut sleep = LONGEST_SLEEP;
    let all = registry.store.next_due().await?;
    meters::lag(all.iter().map(|due| due.overdue).max().unwrap_or_default());
    for due in all {
        if !due.due_in.is_zero() {
            sleep = sleep.min(due.due_in);
            continue;
        }
        let pace = paces
            .entry(due.connector.clone())
            .or_insert_with(|| Pace::new(registry.refresh.rate.get(), Instant::now()));
        let limit = pace.may_begin(registry.under_way.room(&due.connector), Instant::now());
        if limit > 0 {
            let owner = new_owner(registry);
            let rows = registry.store.claim_due(&due.connector, &owner, limit).await?;
            pace.begun(rows.len());
            meters::due(&due.connector, rows.len());
            for row in rows {
                let (worker, owner) = (registry.clone(), owner.clone());
                registry.in_background(async move {
                    refresh_claimed(&worker, &row, &owner).await;
                    worker.due_changed.notify_one();
                });
            }
        }
        sleep = sleep.min(pace.next_in());
    }
    Ok(sleep)
}

async fn refresh_claimed(registry: &Registry, row: &InstanceRow, owner: &str) {
    match refresh(registry, row, owner).await {
        Ok(true) => {}
        Ok(false) => {
            meters::refresh_ended(&row.element_key, "claim_lost");
            tracing::info!(event = "claim_lost", instance = %row.id, "the instance changed before its refresh began");
        }
        Err(refusal) => {
            meters::refresh_ended(&row.element_key, "not_begun");
            tracing::warn!(event = "refresh_not_begun", instance = %row.id, cause = %refusal, "it is tried again after its lease");
        }
    }
}
