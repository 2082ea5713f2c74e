//! The vendor's credential for one call: served while it is valid, refreshed when it is not.

use std::time::Duration;

use ferrule_wire::{Reason, Refusal, v1};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::asker::Asker;
use crate::credential::credential;
use crate::flights::Flight;
use crate::refresh::refresh_or_wait;
use crate::renewal::is_renewable;
use crate::state::Registry;
use crate::store::{By, Fault, InstanceRow};

/// A call waits at most this long for a credential (design, "Errors").
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// A refused access token younger than this, or than half its lifetime, is not refreshed: the refusal has another cause.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);

/// What to do with a row, as it is now.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// Hand it out; a refresh that is due begins behind the answer.
    Serve { refresh: bool },
    /// A fresh pair is needed first.
    Refresh,
    /// A fresh pair is needed, and an attempt failed just now: not before this moment again.
    RefreshAt(Timestamp),
    /// No call can be made.
    Refuse(Fault),
}

pub(crate) async fn resolve(
    registry: &Registry,
    request: v1::ResolveRequest,
) -> Result<v1::Credential, Refusal> {
    let asker = Asker::of(registry, &request).await?;
    let deadline = Instant::now() + LONGEST_WAIT;
    let mut first_seen = None;
    loop {
        let (row, now) = asker.look_up(registry).await?;
        if row.disabled {
            return Err(disabled());
        }
        let first_seen = *first_seen.get_or_insert(row.version);
        let renewable = is_renewable(registry, &row);
        let next = next(&row, now, renewable, request.refused_version, first_seen);
        let out_of_time = Instant::now() >= deadline;
        match next {
            Next::Serve { refresh } => {
                if refresh {
                    begin_refresh(registry, &row);
                }
                return served(registry, &asker, &row).await;
            }
            Next::Refuse(fault) => {
                if fault == Fault::ReauthorizationRequired && request.refused_version == Some(row.version) {
                    remember_refused(registry, &row).await;
                }
                return Err(faulty(fault, &row));
            }
            // Whatever becomes of a refresh, an access token with life left is served.
            Next::Refresh | Next::RefreshAt(_) if out_of_time && !is_over(&row, now) => {
                return served(registry, &asker, &row).await;
            }
            Next::Refresh | Next::RefreshAt(_) if out_of_time => return Err(not_yet(&row)),
            Next::Refresh => {
                let flight = begin_refresh(registry, &row);
                let _ = tokio::time::timeout_at(deadline, flight.landed()).await;
            }
            Next::RefreshAt(moment) => {
                let pause = Duration::try_from(moment.duration_since(now)).unwrap_or_default();
                if Instant::now() + pause >= deadline {
                    return if is_over(&row, now) {
                        Err(not_yet(&row))
                    } else {
                        served(registry, &asker, &row).await
                    };
                }
                tokio::time::sleep(pause).await;
            }
        }
    }
}

/// The credential; that it is the first is told to the audit behind the answer.
async fn served(registry: &Registry, asker: &Asker, row: &InstanceRow) -> Result<v1::Credential, Refusal> {
    let credential = credential(registry, row).await?;
    let untold = row.first_used_at.is_none();
    if let Some(telling) = untold.then(|| registry.first_uses.join(row.id).1).flatten() {
        let (registry, id, asker) = (registry.clone(), row.id, asker.clone());
        registry.clone().in_background(async move {
            let kept = async {
                let by = By {
                    user: asker.user(&registry).await?,
                    request_id: None,
                };
                registry.store.first_used(id, registry.clock.now(), by).await
            };
            // The next call finds it untold.
            if let Err(error) = kept.await {
                tracing::warn!(event = "database_away", instance = %id, cause = %error, "a first use is not in the audit yet");
            }
            drop(telling);
        });
    }
    Ok(credential)
}

/// Neither of its tokens is honoured any more: later calls need not ask the vendor.
async fn remember_refused(registry: &Registry, row: &InstanceRow) {
    if row.refused_version == Some(row.version) {
        return;
    }
    if let Err(error) = registry.store.remember_refused(row.id, row.version).await {
        tracing::warn!(event = "database_away", instance = %row.id, cause = %error, "the next call asks the vendor once more");
    }
}

/// The rules, on the database's clock. `renewable`: another pair can be had without a user. `refused`: the version
/// that the vendor refused just now; `first_seen`: the one that this call found when it began.
fn next(row: &InstanceRow, now: Timestamp, renewable: bool, refused: Option<i64>, first_seen: i64) -> Next {
    let tokens = &row.tokens;
    if tokens.access_token.is_none() || row.version != first_seen {
        // Nothing that ends; or the pair for which this call has waited.
        return Next::Serve { refresh: false };
    }
    let is_condemned = row.verdict == Some(Fault::ReauthorizationRequired);
    let is_refused = refused == Some(row.version) && is_old_enough(row, now)
        || is_condemned && row.refused_version == Some(row.version);
    let is_over = is_over(row, now);
    let is_due = tokens.refresh_due_at.is_some_and(|due_at| due_at <= now);
    let is_leased = row.lease_until.is_some_and(|until| until > now);
    if !is_over && !is_refused {
        let refresh = is_due && !is_leased && renewable && row.verdict.is_none();
        return Next::Serve { refresh };
    }
    match (row.verdict, renewable) {
        (Some(Fault::ReauthorizationRequired), _) => Next::Refuse(Fault::ReauthorizationRequired),
        (_, false) if is_over => Next::Refuse(Fault::ReauthorizationRequired),
        // The vendor's own answer tells more than we could.
        (_, false) => Next::Serve { refresh: false },
        (Some(Fault::AppMisconfigured), true) if !is_due && !is_leased => {
            Next::Refuse(Fault::AppMisconfigured)
        }
        (_, true) => match tokens.refresh_due_at {
            Some(due_at) if row.failures > 0 && !is_due && !is_leased => Next::RefreshAt(due_at),
            _ => Next::Refresh,
        },
    }
}

fn is_over(row: &InstanceRow, now: Timestamp) -> bool {
    row.tokens.expires_at.is_some_and(|end| end <= now)
}

/// Whether a refused pair may be refreshed. One that seems to come from the future tells of a clock that jumped.
fn is_old_enough(row: &InstanceRow, now: Timestamp) -> bool {
    let requested_at = row.tokens.requested_at;
    let half = |end: Timestamp| end.duration_since(requested_at) / 2;
    let young = row.tokens.expires_at.map_or(YOUNG, |end| half(end).min(YOUNG));
    now.duration_since(requested_at).abs() >= young
}

/// A refresh in a task of its own, or the one that is under way in this process.
fn begin_refresh(registry: &Registry, row: &InstanceRow) -> Flight {
    let (flight, landing) = registry.flights.join(row.id);
    if let Some(landing) = landing {
        let (registry, row) = (registry.clone(), row.clone());
        registry.clone().in_background(async move {
            let id = row.id;
            if let Err(refusal) = refresh_or_wait(&registry, row).await {
                tracing::warn!(event = "refresh_not_begun", instance = %id, cause = %refusal, "a refresh did not begin");
                // Whoever waits asks again, though not at once.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            registry.due_changed.notify_one();
            drop(landing);
        });
    }
    flight
}

fn disabled() -> Refusal {
    Refusal::new(
        Reason::InstanceDisabled,
        "The instance is disabled. Its organization can enable it: PUT /instances/{id}/enabled.",
    )
}

fn faulty(fault: Fault, row: &InstanceRow) -> Refusal {
    let refusal = match fault {
        Fault::ReauthorizationRequired => Refusal::new(
            Reason::ReauthorizationRequired,
            format!(
                "The vendor no longer honours this instance's tokens. Its user must log in again: send a new code in providerData with PATCH /instances/{}.",
                row.id
            ),
        ),
        Fault::AppMisconfigured => Refusal::new(
            Reason::AppMisconfigured,
            "The vendor refuses the app of this instance. Correct oauth.api.key or oauth.api.secret, or the app at the vendor; it is tried again every hour.",
        ),
    };
    refusal.with_provider_message(row.verdict_words.clone().unwrap_or_default())
}

fn not_yet(row: &InstanceRow) -> Refusal {
    Refusal::new(
        Reason::Unavailable,
        "The instance's access token has ended, and the vendor has not given a new one yet. Try again in a moment.",
    )
    .with_provider_message(row.verdict_words.clone().unwrap_or_default())
}

#[cfg(test)]
mod tests;
