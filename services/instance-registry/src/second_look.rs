//! A vendor that says `invalid_grant`: who else may know better, and whether the vendor stays by its word.
//!
//! One of a vendor's nodes may lag behind another and refuse a token that is good. The same token is tried once more,
//! a little later, but only where nothing is lost by that: when no earlier attempt is open, whose answer may be on its
//! way, the vendor has either killed the token already or never spent it.

use std::time::Duration;

use tokio::time::Instant;

use crate::keep_pair::keep;
use crate::refresh::Attempt;
use crate::verdict::{Verdict, record};

const LATER: Duration = Duration::from_secs(2);
/// The second request leaves so long after the attempt began, or not at all: the lease must outlast it.
const AT_THE_LATEST: Duration = Duration::from_secs(8);

impl Attempt<'_> {
    /// The vendor no longer knows the refresh token, it says. Perhaps it was spent by an attempt of which we did not
    /// hear: only when neither row nor journal has a newer pair, and the vendor says so twice, does the user have to
    /// log in again.
    pub(crate) async fn make_sure(&self, words: String, begun: Instant) {
        let Some(mut verdict) = self.unless_newer(words).await else {
            return;
        };
        if self.row.intent.is_none() {
            if is_final(&verdict) && begun.elapsed() + LATER < AT_THE_LATEST {
                let stopping = &self.registry.stopping;
                if tokio::time::timeout(LATER, stopping.cancelled()).await.is_ok() {
                    // The next process asks.
                    return record(self, Verdict::NotSent).await;
                }
                let Verdict::ReauthorizationRequired { words } = verdict else {
                    return;
                };
                match self.unless_newer(words).await {
                    None => return,
                    Some(again) if is_final(&again) && begun.elapsed() < AT_THE_LATEST => {
                        return self.ask_again().await;
                    }
                    Some(again) => verdict = again,
                }
            }
        } else if is_final(&verdict) {
            tracing::error!(event = "answer_lost", instance = %self.row.id, "the answer to an earlier refresh is lost, and its token is spent");
        }
        record(self, verdict).await;
    }

    async fn ask_again(&self) {
        // Counted from now on, as the token is.
        let begun_at = self.registry.store.now().await.ok();
        let asked = Instant::now();
        match self.ask().await {
            Ok(grant) => {
                tracing::warn!(event = "refused_falsely", instance = %self.row.id, element = %self.row.element_key, "the vendor refused a refresh token and then took it");
                keep(self, grant, begun_at).await;
            }
            Err(verdict) => self.conclude(verdict, asked).await,
        }
    }

    /// The verdict, as far as nobody has a newer pair. `None`: somebody has, and it is kept.
    async fn unless_newer(&self, words: String) -> Option<Verdict> {
        let (store, row) = (&self.registry.store, self.row);
        match store.by_id_even_deleted(row.organization_id, row.id).await {
            Ok(Some(again)) if again.version == row.version => match self.journal().await {
                Ok(Some(grant)) => {
                    keep(self, grant, None).await;
                    None
                }
                Ok(None) => Some(Verdict::ReauthorizationRequired { words }),
                Err(_) => Some(Verdict::Unanswered),
            },
            Ok(_) => None,
            Err(_) => Some(Verdict::Unanswered),
        }
    }
}

fn is_final(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::ReauthorizationRequired { .. })
}
