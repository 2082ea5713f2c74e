//! The broker's journal of refreshes: what a vendor answered and the registry has not committed yet.

use std::time::Duration;

use ferrule_model::InstanceId;
use ferrule_wire::{Refusal, v1, within};

use crate::state::Registry;

const READ_DEADLINE: Duration = Duration::from_secs(5);
const CONFIRM_DEADLINE: Duration = Duration::from_secs(2);

/// What waits of a refresh that spent this version.
pub(crate) async fn read(
    registry: &Registry,
    instance: InstanceId,
    version: i64,
) -> Result<Option<v1::Grant>, Refusal> {
    let request = v1::ReadJournalRequest {
        instance_id: instance.0,
        version,
    };
    let answer = registry
        .broker
        .clone()
        .read_journal(within(READ_DEADLINE, request))
        .await?;
    Ok(answer.into_inner().grant)
}

/// Tells the broker that the pair is committed, or never will be. A failure is told to the log alone: nobody asks
/// for this version again, and the sealed copy ends with its time.
pub(crate) async fn confirm(registry: &Registry, instance: InstanceId, version: i64) {
    for attempt in 1..=2 {
        let request = v1::ConfirmRefreshRequest {
            instance_id: instance.0,
            version,
        };
        let answer = registry
            .broker
            .clone()
            .confirm_refresh(within(CONFIRM_DEADLINE, request))
            .await;
        match answer {
            Ok(_) => return,
            Err(status) => {
                tracing::warn!(event = "confirm_failed", attempt, instance = %instance, code = ?status.code(), "the broker was not told of a commit");
            }
        }
    }
}
