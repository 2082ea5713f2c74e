//! How fast one connector's instances are refreshed ahead of their end by this process.

use std::time::Duration;

use tokio::time::Instant;

/// The most that one claim takes.
const BATCH: u32 = 100;

/// A connector's pace: so many a second. It begins with a second's worth.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    saved: f64,
    counted_at: Instant,
}

impl Pace {
    /// So many refreshes a second.
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self {
            rate: f64::from(rate),
            saved: f64::from(rate),
            counted_at: now,
        }
    }

    /// How many may begin now, of at most `room`.
    pub(crate) fn may_begin(&mut self, room: usize, now: Instant) -> u32 {
        let earned = now.duration_since(self.counted_at).as_secs_f64() * self.rate;
        self.counted_at = now;
        self.saved = (self.saved + earned).min(self.rate);
        let room = u32::try_from(room).unwrap_or(u32::MAX).min(BATCH);
        (1..=room)
            .take_while(|count| f64::from(*count) <= self.saved)
            .last()
            .unwrap_or(0)
    }

    /// So many have begun.
    pub(crate) fn begun(&mut self, count: usize) {
        self.saved -= f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// How long until the next may begin.
    pub(crate) fn next_in(&self) -> Duration {
        Duration::from_secs_f64(((1.0 - self.saved) / self.rate).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_begin_than_the_rate_allows() {
        let start = Instant::now();
        let mut pace = Pace::new(20, start);
        assert_eq!(pace.may_begin(1000, start), 20);
        pace.begun(20);
        assert_eq!(pace.may_begin(1000, start), 0);
        assert!(pace.next_in() > Duration::from_millis(40));
        let later = start + Duration::from_millis(101);
        assert_eq!(pace.may_begin(1, later), 1, "there is room for one");
        assert_eq!(
            pace.may_begin(1000, later),
            2,
            "what has not begun is not counted"
        );
        let much_later = start + Duration::from_mins(10);
        assert_eq!(pace.may_begin(1000, much_later), 20, "nothing is saved up");
        assert_eq!(Pace::new(10_000, start).may_begin(1000, start), 100);
    }
}
