//! Why a refresh brought no tokens, and what follows for its instance: the one table.

use std::time::Duration;

use ferrule_model::{Chance, Digest};
use ferrule_wire::v1;
use ferrule_wire::v1::verdict::Kind;

use crate::app::PROBE_INTERVAL;
use crate::meters;
use crate::refresh::Attempt;
use crate::schedule::{pause_after, within};
use crate::store::{App, Fault, InstanceRow, PauseReason, Setback};

/// Instances that waited for one app go on spread over this time.
const SPREAD: Duration = Duration::from_secs(5);
/// No vendor makes an instance wait for longer.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

const RECORD_ATTEMPTS: u32 = 3;
const RECORD_AGAIN: Duration = Duration::from_millis(200);

/// Why a refresh brought no tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The vendor asks this app to wait.
    Throttled {
        retry_after: Option<Duration>,
        words: String,
    },
    /// The vendor answered that it cannot now: the token is unspent.
    Transient {
        retry_after: Option<Duration>,
        words: String,
    },
    /// Nothing left for the vendor.
    NotSent,
    /// Something may have left, and no answer is known.
    Unanswered,
    /// The vendor refuses the app.
    AppMisconfigured { words: String },
    /// The vendor refused the app before, and the next probe is not due.
    AppPaused { left: Duration },
    /// The vendor asked the app to wait before.
    AppThrottled { left: Duration },
    /// The vendor no longer honours the refresh token.
    ReauthorizationRequired { words: String },
}

impl Verdict {
    /// As the broker says it. A kind of a newer broker counts as unanswered.
    pub(crate) fn read(verdict: v1::Verdict) -> Self {
        let retry_after = verdict
            .retry_after
            .and_then(|millis| u64::try_from(millis).ok())
            .map(|millis| Duration::from_millis(millis).min(LONGEST_WAIT));
        let kind = verdict.kind();
        let words = verdict.provider_message;
        match kind {
            Kind::Throttled => Self::Throttled { retry_after, words },
            Kind::Transient => Self::Transient { retry_after, words },
            Kind::AppMisconfigured => Self::AppMisconfigured { words },
            Kind::ReauthorizationRequired => Self::ReauthorizationRequired { words },
            Kind::Unanswered | Kind::Unspecified => Self::Unanswered,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Throttled { .. } | Self::AppThrottled { .. } => "throttled",
            Self::Transient { .. } => "transient",
            Self::NotSent => "not_sent",
            Self::Unanswered => "unanswered",
            Self::AppMisconfigured { .. } | Self::AppPaused { .. } => "app_misconfigured",
            Self::ReauthorizationRequired { .. } => "reauthorization_required",
        }
    }

    /// As the audit tells it.
    fn reason(&self) -> &'static str {
        match self {
            Self::Throttled { .. } | Self::AppThrottled { .. } => "THROTTLED",
            Self::Transient { .. } => "TRANSIENT",
            Self::NotSent => "NOT_SENT",
            Self::Unanswered => "UNANSWERED",
            Self::AppMisconfigured { .. } | Self::AppPaused { .. } => Fault::AppMisconfigured.as_str(),
            Self::ReauthorizationRequired { .. } => Fault::ReauthorizationRequired.as_str(),
        }
    }

    /// What the row gets. An intent that was open before stays open unless the vendor has answered.
    fn setback(self, row: &InstanceRow, app: &App, chance: &Chance) -> Setback {
        let was_open = row.intent.is_some();
        let doubling = pause_after(row.failures + 1, chance);
        let later = |wait: Duration| wait + within(SPREAD.min(wait / 10), chance);
        let again = |retry_after: Option<Duration>| Some(retry_after.map_or(doubling, later));
        match self {
            Self::Throttled { retry_after, words } | Self::Transient { retry_after, words } => Setback {
                words,
                again_in: again(retry_after),
                ..Setback::default()
            },
            Self::NotSent => Setback {
                again_in: Some(doubling),
                intent_stays_open: was_open,
                ..Setback::default()
            },
            Self::Unanswered => Setback {
                again_in: Some(doubling),
                intent_stays_open: true,
                ..Setback::default()
            },
            Self::AppThrottled { left } => Setback {
                again_in: Some(left + within(SPREAD, chance)),
                intent_stays_open: was_open,
                ..Setback::default()
            },
            Self::AppPaused { left } => Setback {
                verdict: Some(Fault::AppMisconfigured),
                words: row.verdict_words.clone().unwrap_or_default(),
                again_in: Some(left + within(SPREAD, chance)),
                intent_stays_open: was_open,
                paused_by: Some(app.client),
                ..Setback::default()
            },
            Self::AppMisconfigured { words } => Setback {
                verdict: Some(Fault::AppMisconfigured),
                words,
                again_in: Some(PROBE_INTERVAL),
                paused_by: Some(app.client),
                ..Setback::default()
            },
            Self::ReauthorizationRequired { words } => Setback {
                verdict: Some(Fault::ReauthorizationRequired),
                words,
                ..Setback::default()
            },
        }
    }
}

/// The app may have come to work between the look at it and the verdict.
async fn free_if_app_works(attempt: &Attempt<'_>, paused_by: Option<Digest>) {
    let Some(client) = paused_by else { return };
    match attempt
        .registry
        .store
        .free_unless_paused(attempt.row.id, client)
        .await
    {
        Ok(false) => {}
        Ok(true) => attempt.registry.due_changed.notify_one(),
        Err(error) => {
            tracing::warn!(event = "database_away", cause = %error, "an instance waits for its app's next probe");
        }
    }
}

/// Records a verdict under the attempt's lease; one on an app pauses that app.
pub(crate) async fn record(attempt: &Attempt<'_>, verdict: Verdict) {
    let (registry, row) = (attempt.registry, attempt.row);
    let paused = match &verdict {
        Verdict::AppMisconfigured { .. } => Some((PauseReason::Misconfigured, PROBE_INTERVAL)),
        Verdict::Throttled {
            retry_after: Some(wait),
            ..
        } => Some((PauseReason::Throttled, *wait)),
        _ => None,
    };
    if let Some((reason, pause)) = paused
        && let Err(error) = registry.store.pause_app(&attempt.app, reason, pause).await
    {
        tracing::warn!(event = "database_away", cause = %error, "a vendor app was not paused");
    }
    let name = verdict.name();
    meters::refresh_ended(&row.element_key, name);
    let setback = Setback {
        why: verdict.reason(),
        ..verdict.setback(row, &attempt.app, &registry.chance)
    };
    tracing::warn!(
        event = "refresh_failed",
        instance = %row.id,
        organization = %row.organization_id,
        verdict = name,
        failures = row.failures + 1,
        again_in_ms = setback.again_in.map(|pause| u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)),
        "a refresh brought no tokens"
    );
    for attempt_left in (0..RECORD_ATTEMPTS).rev() {
        let recorded = registry
            .store
            .record_verdict(row.id, row.version, attempt.owner, &setback, registry.clock.now())
            .await;
        match recorded {
            Ok(true) => return free_if_app_works(attempt, setback.paused_by).await,
            Ok(false) => {
                tracing::info!(event = "late_verdict", instance = %row.id, verdict = name, "the row was no longer ours");
                return;
            }
            Err(error) => {
                tracing::warn!(event = "verdict_not_kept", instance = %row.id, attempt_left, cause = %error, "without it, the refresh is tried again after its lease");
            }
        }
        if attempt_left > 0 {
            tokio::time::sleep(RECORD_AGAIN).await;
        }
    }
}
