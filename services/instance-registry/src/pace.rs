//! How fast one connector's instances are refreshed by this process: so many a second, so many at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The most refreshes of one connector under way at once.
const AT_ONCE: usize = 128;
/// The most that one claim takes.
const BATCH: f64 = 100.0;

/// A connector's pace. It begins with a second's worth.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: f64,
    saved: f64,
    counted_at: Instant,
    under_way: Arc<Semaphore>,
}

impl Pace {
    /// So many refreshes a second.
    pub(crate) fn new(rate: u32, now: Instant) -> Self {
        Self {
            rate: f64::from(rate),
            saved: f64::from(rate),
            counted_at: now,
            under_way: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Permits for as many refreshes as may begin now.
    pub(crate) fn take(&mut self, now: Instant) -> Vec<OwnedSemaphorePermit> {
        let earned = now.duration_since(self.counted_at).as_secs_f64() * self.rate;
        self.counted_at = now;
        self.saved = (self.saved + earned).min(self.rate);
        let mut permits = Vec::new();
        while self.saved >= 1.0
            && f64::from(u32::try_from(permits.len()).unwrap_or(u32::MAX)) < BATCH
            && let Ok(permit) = Arc::clone(&self.under_way).try_acquire_owned()
        {
            self.saved -= 1.0;
            permits.push(permit);
        }
        permits
    }

    /// Counts so many permits as not taken.
    pub(crate) fn give_back(&mut self, unused: usize) {
        self.saved += f64::from(u32::try_from(unused).unwrap_or_default());
    }

    /// How long until the next may begin, as far as the rate goes.
    pub(crate) fn next_in(&self) -> Duration {
        Duration::from_secs_f64(((1.0 - self.saved) / self.rate).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_begin_than_the_rate_allows() {
        let begin = Instant::now();
        let mut pace = Pace::new(20, begin);
        assert_eq!(pace.take(begin).len(), 20);
        assert!(pace.take(begin).is_empty());
        assert!(pace.next_in() > Duration::from_millis(40));
        let later = begin + Duration::from_millis(101);
        let permits = pace.take(later);
        assert_eq!(permits.len(), 2);
        pace.give_back(permits.len());
        assert_eq!(pace.take(later).len(), 2);
        let much_later = begin + Duration::from_mins(10);
        assert_eq!(pace.take(much_later).len(), 20, "nothing is saved up");
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let begin = Instant::now();
        let mut pace = Pace::new(10_000, begin);
        let first = pace.take(begin);
        let second = pace.take(begin);
        assert_eq!((first.len(), second.len()), (100, 28));
        drop(first);
        assert_eq!(pace.take(begin).len(), 100);
    }
}
