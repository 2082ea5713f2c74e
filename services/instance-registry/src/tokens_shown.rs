//! Who was shown which instance's token: told to the audit once an hour, so that reading stays cheap.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use ferrule_model::{InstanceId, UserId};

use crate::identify::Caller;
use crate::state::Registry;
use crate::store::InstanceRow;

const HOUR: i64 = 3600;
/// When so many are remembered, all are forgotten: the database knows them too.
const MOST: usize = 100_000;

/// What this process has told within the hour. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokensShown(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    hour: i64,
    whom: HashSet<(InstanceId, UserId)>,
}

impl TokensShown {
    /// Those of the instances that were not told of within this hour.
    fn untold(&self, hour: i64, user: UserId, rows: &[InstanceRow]) -> Vec<InstanceId> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_told = |id| told.hour == hour && told.whom.contains(&(id, user));
        rows.iter().map(|row| row.id).filter(|id| !is_told(*id)).collect()
    }

    fn tell(&self, hour: i64, user: UserId, instances: &[InstanceId]) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if told.hour != hour || told.whom.len() >= MOST {
            told.hour = hour;
            told.whom.clear();
        }
        told.whom.extend(instances.iter().map(|id| (*id, user)));
    }
}

/// Keeps that this caller is shown these instances' tokens. What cannot be kept is told to the log; the caller gets
/// its answer.
pub(crate) async fn keep(registry: &Registry, caller: &Caller, rows: &[InstanceRow]) {
    let now = registry.clock.now();
    let (hour, user) = (now.as_second().div_euclid(HOUR), caller.user.id);
    let untold = registry.tokens_shown.untold(hour, user, rows);
    if untold.is_empty() {
        return;
    }
    let kept = registry
        .store
        .tokens_shown(&untold, user, hour, now, &caller.by())
        .await;
    match kept {
        Ok(()) => registry.tokens_shown.tell(hour, user, &untold),
        Err(error) => {
            tracing::error!(event = "audit_not_kept", organization = %caller.organization, %user, cause = %error, "that tokens were shown is not in the audit");
        }
    }
}
