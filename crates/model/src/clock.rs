//! Time as an argument.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Tells the time; handed to whatever needs it, so that a test can fix it.
#[derive(Clone)]
pub struct Clock(Arc<Tell>);

type Tell = dyn Fn() -> Timestamp + Send + Sync;

impl Clock {
    /// The system's clock, held so that it never runs backwards within this process.
    pub fn system() -> Self {
        let latest = AtomicI64::new(i64::MIN);
        Self(Arc::new(move || {
            #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
            let now = Timestamp::now();
            let earlier = latest.fetch_max(now.as_microsecond(), Ordering::Relaxed);
            Timestamp::from_microsecond(earlier).map_or(now, |earlier| earlier.max(now))
        }))
    }

    /// A clock that a test reads from a function of its own.
    pub fn from_fn(tell: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_clock_never_runs_backwards() {
        let clock = Clock::system();
        let mut latest = clock.now();
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= latest);
            latest = now;
        }
    }
}
