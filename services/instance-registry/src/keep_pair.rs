//! Received means kept: a refreshed pair reaches its row, however long the database takes.

use std::time::Duration;

use ferrule_model::TokenPair;
use ferrule_wire::v1;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::erase_instance::revoke_orphan;
use crate::instance_seal::InstanceSeal;
use crate::meters;
use crate::refresh::Attempt;
use crate::refresh_journal;
use crate::schedule;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Commits what a refresh brought, and tells the journal. `begun_at`: when the attempt began, by the database's clock;
/// `None`: the grant waited in the journal.
///
/// A commit is tried until it is done; when the process stops before that, the grant waits in the journal.
pub(crate) async fn keep(attempt: &Attempt<'_>, grant: v1::Grant, begun_at: Option<Timestamp>) {
    let (registry, row) = (attempt.registry, attempt.row);
    let (pair, requested_at) = Received::new(grant, begun_at, registry.clock.now())
        .over(attempt.renewal.refresh_token().cloned(), row.tokens.scope.clone());
    let by_the_app = attempt.renewal.refresh_token().is_none();
    let due_at = schedule::due(
        &pair,
        by_the_app,
        requested_at,
        registry.refresh.idle,
        &registry.chance,
    );
    let tokens =
        InstanceSeal::of_row(&attempt.key, row).seal_pair(&registry.chance, &pair, requested_at, due_at);

    let mut pause = FIRST_PAUSE;
    let written = loop {
        match registry
            .store
            .finish_refresh(row.id, row.version, &tokens, registry.clock.now())
            .await
        {
            Ok(written) => break written,
            Err(error) if registry.stopping.is_cancelled() => {
                tracing::error!(event = "pair_waits", instance = %row.id, cause = %error, "a refreshed pair waits in the journal");
                return;
            }
            Err(error) => {
                tracing::warn!(event = "pair_not_kept_yet", instance = %row.id, cause = %error, "a refreshed pair is not committed yet");
            }
        }
        // Stopping cuts the pause short for one last try.
        let _ = tokio::time::timeout(pause, registry.stopping.cancelled()).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    };
    meters::refresh_ended(
        &row.element_key,
        if written { "refreshed" } else { "late_answer" },
    );
    if written {
        tracing::info!(event = "refreshed", instance = %row.id, organization = %row.organization_id, version = row.version + 1, "an instance has a fresh token pair");
    } else {
        tracing::info!(event = "late_answer", instance = %row.id, version = row.version, "a newer pair was there already, or the instance is gone");
        let left = registry
            .store
            .by_id_even_deleted(row.organization_id, row.id)
            .await;
        if let (Ok(None), Some(refresh_token)) = (left, &pair.refresh_token) {
            revoke_orphan(registry, row, &attempt.configuration, refresh_token).await;
        }
    }
    refresh_journal::confirm(registry, row.id, row.version).await;
    attempt.app_works().await;
}

/// A grant, with its lifetime counted on the database's clock.
struct Received {
    grant: v1::Grant,
    requested_at: Timestamp,
    expires_at: Option<Timestamp>,
}

impl Received {
    /// A grant that was received is kept, whatever its times say: an impossible end counts as none.
    fn new(grant: v1::Grant, begun_at: Option<Timestamp>, now: Timestamp) -> Self {
        let time = |micros| Timestamp::from_microsecond(micros).ok();
        let sent_at = time(grant.requested_at);
        // The attempt begins before its request is sent: counted from there, no token ends too late.
        let requested_at = begun_at.unwrap_or_else(|| sent_at.map_or(now, |sent_at| sent_at.min(now)));
        let lifetime = grant
            .expires_at
            .and_then(time)
            .zip(sent_at)
            .map(|(end, sent_at)| end.duration_since(sent_at))
            .filter(SignedDuration::is_positive);
        Self {
            expires_at: lifetime.and_then(|lifetime| requested_at.checked_add(lifetime).ok()),
            grant,
            requested_at,
        }
    }

    /// The pair, where a missing refresh token or scope leaves the old one in force (RFC 6749 section 6).
    fn over(self, refresh_token: Option<SecretString>, scope: String) -> (TokenPair, Timestamp) {
        let pair = TokenPair {
            access_token: self.grant.access_token.into(),
            refresh_token: match self.grant.refresh_token {
                none if none.is_empty() => refresh_token,
                new => Some(new.into()),
            },
            expires_at: self.expires_at,
            scope: match self.grant.scope {
                none if none.is_empty() => scope,
                new => new,
            },
        };
        (pair, self.requested_at)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn lifetimes_count_from_the_attempts_begin_on_one_clock() {
        let sent_at = at(500_000);
        for (lifetime, want) in [
            (Some(3_600), Some(at(1_000 + 3_600))),
            (Some(4), Some(at(1_004))),
            (Some(0), None),
            (Some(-5), None),
            // The end of the calendar, and beyond.
            (Some(253_402_207_200 - 500_000), None),
            (Some(9_000_000_000_000), None),
            (None, None),
        ] {
            let grant = v1::Grant {
                requested_at: sent_at.as_microsecond(),
                expires_at: lifetime.map(|seconds| sent_at.as_microsecond() + seconds * 1_000_000),
                ..v1::Grant::default()
            };
            // The broker's clock is ahead by days.
            let received = Received::new(grant.clone(), Some(at(1_000)), at(1_001));
            assert_eq!(received.requested_at, at(1_000));
            if lifetime != Some(253_402_207_200 - 500_000) {
                assert_eq!(received.expires_at, want, "{lifetime:?}");
            }
            assert_eq!(Received::new(grant, None, at(1_001)).requested_at, at(1_001));
        }
    }

    #[test]
    fn what_the_answer_leaves_out_stays() {
        for (refresh_token, scope, want) in [
            ("", "", ("old", "old scope")),
            ("new", "new scope", ("new", "new scope")),
        ] {
            let grant = v1::Grant {
                refresh_token: refresh_token.into(),
                scope: scope.into(),
                ..v1::Grant::default()
            };
            let (pair, _) = Received::new(grant, None, at(0)).over(Some("old".into()), "old scope".into());
            let got = (pair.refresh_token.unwrap(), pair.scope);
            assert_eq!((got.0.expose_secret(), got.1.as_str()), want);
        }
    }
}
