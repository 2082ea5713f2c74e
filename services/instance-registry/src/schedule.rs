//! When a refresh begins, and when one that failed is tried again.

use std::time::Duration;

use ferrule_model::{Chance, Digest, TokenPair};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};

/// A refresh begins this long before the access token ends, at the latest.
const LONGEST_MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// And at most this much earlier still, by chance, so that tokens made together are not refreshed together.
const LONGEST_JITTER: SignedDuration = SignedDuration::from_mins(5);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// When a refresh of this pair should begin; `None`: never by itself.
///
/// The margin is the lesser of 60 s and 10 % of the lifetime; jitter only makes it earlier. An access token that is
/// renewed by itself ends with its life, so that it is renewed at half of it. `idle` is how long a
/// refresh token may stay unused, where the operator set that. `by_the_app`: another pair is had without a refresh
/// token.
pub(crate) fn due(
    pair: &TokenPair,
    by_the_app: bool,
    requested_at: Timestamp,
    idle: Option<Duration>,
    chance: &Chance,
) -> Option<Timestamp> {
    if pair.refresh_token.is_none() && !by_the_app {
        return None;
    }
    let ahead_of_the_end = pair.expires_at.map(|end| {
        let tenth = (end.duration_since(requested_at) / 10).max(SignedDuration::ZERO);
        let jitter = tenth.min(LONGEST_JITTER).mul_f64(share(chance));
        let margin = if renews_itself(pair) {
            tenth * 5
        } else {
            tenth.min(LONGEST_MARGIN)
        };
        let ahead = margin.saturating_add(jitter);
        end.checked_sub(ahead).unwrap_or(requested_at)
    });
    let idle = idle.filter(|_| pair.refresh_token.is_some());
    let before_it_dies = idle.and_then(|idle| {
        requested_at
            .checked_add(SignedDuration::try_from(idle).ok()?)
            .ok()
    });
    ahead_of_the_end.into_iter().chain(before_it_dies).min()
}

/// Whether nothing but the access token brings the next one.
fn renews_itself(pair: &TokenPair) -> bool {
    let access = pair.access_token.expose_secret();
    let same = |refresh: &SecretString| Digest::of(refresh.expose_secret()) == Digest::of(access);
    pair.refresh_token.as_ref().is_some_and(same)
}

/// How long to wait after so many failures in a row: within 1 s at first, doubling to 60 s, jittered.
pub(crate) fn pause_after(failures: i64, chance: &Chance) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1).clamp(0, 16)).unwrap_or_default();
    let pause = FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE);
    pause.mul_f64(0.5 + share(chance) / 2.0)
}

/// A moment within this time, by chance.
pub(crate) fn within(time: Duration, chance: &Chance) -> Duration {
    time.mul_f64(share(chance))
}

/// From 0 to 1.
fn share(chance: &Chance) -> f64 {
    f64::from(u32::from_be_bytes(*chance.bytes::<4>())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn pair(expires_at: Option<Timestamp>) -> TokenPair {
        TokenPair {
            access_token: "a".into(),
            refresh_token: Some("r".into()),
            expires_at,
            scope: String::new(),
        }
    }

    #[test]
    fn a_refresh_begins_ahead_of_the_end_and_jitter_only_makes_it_earlier() {
        let [never_early, always_early] =
            [0x00, 0xff].map(|byte| Chance::from_fn(move |bytes| bytes.fill(byte)));
        for (lifetime, latest, earliest) in [
            (86_400_000, 86_340_000, 86_040_000),
            (3_600_000, 3_540_000, 3_240_000),
            (600_000, 540_000, 480_000),
            (4_000, 3_600, 3_200),
            (0, 0, 0),
        ] {
            let pair = pair(Some(at(lifetime)));
            assert_eq!(
                due(&pair, false, at(0), None, &never_early),
                Some(at(latest)),
                "{lifetime} ms"
            );
            assert_eq!(
                due(&pair, false, at(0), None, &always_early),
                Some(at(earliest)),
                "{lifetime} ms"
            );
        }
    }

    #[test]
    fn a_token_that_renews_itself_is_renewed_at_half_its_life() {
        let never_early = Chance::from_fn(|bytes| bytes.fill(0));
        let own = TokenPair {
            refresh_token: Some("a".into()),
            ..pair(Some(at(5_184_000_000)))
        };
        assert_eq!(
            due(&own, false, at(0), None, &never_early),
            Some(at(2_592_000_000))
        );
    }

    #[test]
    fn without_an_end_only_idleness_makes_a_refresh_due() {
        let chance = Chance::system();
        assert_eq!(due(&pair(None), false, at(0), None, &chance), None);
        let day = Some(Duration::from_hours(24));
        assert_eq!(due(&pair(None), false, at(0), day, &chance), Some(at(86_400_000)));
        let year = pair(Some(at(365 * 86_400_000)));
        assert_eq!(due(&year, false, at(0), day, &chance), Some(at(86_400_000)));
        let without = TokenPair {
            refresh_token: None,
            ..year
        };
        assert_eq!(due(&without, false, at(0), day, &chance), None);
        // The app itself has nothing that dies of being unused.
        let [start, end] = [at(0), at(365 * 86_400_000)];
        let renewed = due(&without, true, start, day, &chance).unwrap();
        assert!(
            renewed < end && renewed > end - SignedDuration::from_hours(1),
            "{renewed}"
        );
    }

    #[test]
    fn pauses_double_from_one_second_to_one_minute() {
        let chance = Chance::system();
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1_000_000, 60)] {
            let longest = Duration::from_secs(longest);
            let pause = pause_after(failures, &chance);
            assert!(pause <= longest && pause >= longest / 2, "{failures}: {pause:?}");
        }
    }
}
