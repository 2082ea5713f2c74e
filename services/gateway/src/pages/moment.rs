//! A moment as people read it: the time, and how far away it is.

use jiff::{SignedDuration, Timestamp};

use crate::instance_json::date;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For programs (ISO 8601).
    pub(crate) iso: String,
    /// `2026-11-24 07:22 UTC`
    pub(crate) plain: String,
    /// `in 3 hours`, `2 days ago`
    pub(crate) away: String,
}

impl Moment {
    /// Of microseconds since 1970; `now` is what it is seen from.
    pub(crate) fn of(microseconds: i64, now: Timestamp) -> Self {
        let at = Timestamp::from_microsecond(microseconds).unwrap_or_default();
        Self {
            iso: date(at),
            plain: at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            away: away(at.duration_since(now)),
        }
    }
}

/// In the largest unit that fits at least once.
fn away(distance: SignedDuration) -> String {
    let seconds = distance.as_secs().unsigned_abs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let Some((length, unit)) = units.into_iter().find(|(length, _)| seconds >= *length) else {
        return "just now".to_owned();
    };
    let count = seconds / length;
    let many = if count == 1 { "" } else { "s" };
    if distance.is_negative() {
        format!("{count} {unit}{many} ago")
    } else {
        format!("in {count} {unit}{many}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_largest_unit() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (seconds, want) in [
            (0, "just now"),
            (59, "just now"),
            (60, "in 1 minute"),
            (-7_300, "2 hours ago"),
            (3_600 * 24 * 3, "in 3 days"),
        ] {
            let moment = Moment::of(now.as_microsecond() + seconds * 1_000_000, now);
            assert_eq!(moment.away, want, "{seconds}");
        }
        let moment = Moment::of(now.as_microsecond(), now);
        assert_eq!(
            (moment.iso.as_str(), moment.plain.as_str()),
            ("2026-11-24T12:00:00Z", "2026-11-24 12:00 UTC")
        );
    }
}
