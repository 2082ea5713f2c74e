//! How long a vendor asks to be left alone (RFC 9110 section 10.2.3).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// The longest wait that is believed: who asks for more is asked again after a day.
const LONGEST: Duration = Duration::from_hours(24);

/// The three forms of a date (RFC 9110 section 5.6.7).
const DATES: [&str; 3] = [
    "%a, %d %b %Y %H:%M:%S GMT",
    "%A, %d-%b-%y %H:%M:%S GMT",
    "%a %b %e %H:%M:%S %Y",
];

/// Reads `Retry-After`: seconds, or a date. Nonsense, zero and what is over say nothing.
pub(crate) fn read(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        if !seconds.is_finite() {
            return None;
        }
        Duration::try_from_secs_f64(seconds.min(LONGEST.as_secs_f64())).ok()?
    } else {
        Duration::try_from(date(value)?.duration_since(now)).ok()?
    };
    (!wait.is_zero()).then_some(wait.min(LONGEST))
}

fn date(value: &str) -> Option<Timestamp> {
    let civil = |form: &&str| strtime::parse(form, value).ok()?.to_datetime().ok();
    let civil = DATES.iter().find_map(civil)?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seconds_dates_and_nonsense() {
        // Sun, 06 Nov 1994 08:48:37 GMT
        let now = Timestamp::from_second(784_111_717).unwrap();
        for (value, seconds) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("1e2", Some(100)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(60)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(60)),
            ("Sun Nov  6 08:49:37 1994", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", None),
            ("Sun, 06 Nov 1994 08:47:37 GMT", None),
            ("Thu, 01 Jan 2099 00:00:00 GMT", Some(86_400)),
            ("86401", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("0", None),
            ("-5", None),
            ("NaN", None),
            ("inf", None),
            ("", None),
            ("soon", None),
            ("Sun, 99 Nov 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(read(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_wait_for_more_than_a_day(value in ".*", number: f64) {
            let now = Timestamp::UNIX_EPOCH;
            for value in [value, number.to_string()] {
                prop_assert!(read(&value, now).is_none_or(|wait| !wait.is_zero() && wait <= LONGEST));
            }
        }
    }
}
