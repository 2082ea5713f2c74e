//! A vendor that takes no connection is left alone for a while, whichever instance asks.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::uri::Authority;
use tokio::time::Instant;

use crate::meters;

/// So many failed connections in a row open the breaker.
const FAILURES: u32 = 5;

/// How long an open breaker lets nothing through; then one call tries.
const PAUSE: Duration = Duration::from_secs(5);

/// So many hosts are remembered before those that work are forgotten.
const HOSTS: usize = 10_000;

/// One vendor host's breaker. A status never opens it: whoever answers is there.
#[derive(Debug)]
pub(crate) struct Breaker {
    began: Instant,
    failures: AtomicU32,
    /// Milliseconds since `began`: before that, nothing passes an open breaker.
    closed_until: AtomicU64,
}

impl Breaker {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            failures: AtomicU32::new(0),
            closed_until: AtomicU64::new(0),
        }
    }

    /// Lets a call pass, or says how long to wait. Of those that come when the pause is over one passes, and
    /// the others wait for what becomes of it.
    pub(crate) fn admit(&self) -> Result<(), Duration> {
        if self.failures.load(Ordering::Relaxed) < FAILURES {
            return Ok(());
        }
        let now = self.now();
        let until = self.closed_until.load(Ordering::Relaxed);
        if until > now {
            return Err(Duration::from_millis(until - now));
        }
        let (relaxed, next) = (Ordering::Relaxed, now + pause());
        self.closed_until
            .compare_exchange(until, next, relaxed, relaxed)
            .map(|_| ())
            .map_err(|_| PAUSE)
    }

    /// A connection was there.
    pub(crate) fn connected(&self) {
        if self.failures.load(Ordering::Relaxed) != 0 {
            let failures = self.failures.swap(0, Ordering::Relaxed);
            if failures >= FAILURES {
                meters::breaker_closed();
            }
        }
    }

    /// No connection was to be had.
    pub(crate) fn failed(&self) {
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        if before + 1 == FAILURES {
            meters::breaker_opened();
        }
        if before + 1 >= FAILURES {
            self.closed_until.store(self.now() + pause(), Ordering::Relaxed);
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn pause() -> u64 {
    u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX)
}

/// Every host's breaker.
#[derive(Debug, Default)]
pub(crate) struct Breakers(Mutex<HashMap<Authority, Arc<Breaker>>>);

impl Breakers {
    /// The breaker of this host and port.
    pub(crate) fn of(&self, host: &Authority) -> Arc<Breaker> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = known.get(host) {
            return Arc::clone(breaker);
        }
        if known.len() >= HOSTS {
            known.retain(|_, breaker| {
                Arc::strong_count(breaker) > 1 || breaker.failures.load(Ordering::Relaxed) != 0
            });
        }
        Arc::clone(
            known
                .entry(host.clone())
                .or_insert_with(|| Arc::new(Breaker::new())),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_it_and_one_probe_closes_it() {
        let breaker = Breaker::new();
        for _ in 0..4 {
            breaker.failed();
        }
        breaker.connected();
        for _ in 0..4 {
            breaker.failed();
            assert_eq!(breaker.admit(), Ok(()));
        }
        breaker.failed();
        assert_eq!(breaker.admit(), Err(PAUSE));

        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.admit(), Ok(()), "one tries");
        assert_eq!(breaker.admit(), Err(PAUSE), "the others wait");
        breaker.failed();
        assert_eq!(breaker.admit(), Err(PAUSE));

        tokio::time::advance(PAUSE).await;
        assert_eq!(breaker.admit(), Ok(()));
        breaker.connected();
        assert_eq!(breaker.admit(), Ok(()));
        assert_eq!(breaker.admit(), Ok(()));
    }

    #[test]
    fn a_host_has_one_breaker_and_each_port_its_own() {
        let breakers = Breakers::default();
        let of = |host: &str| breakers.of(&host.parse().unwrap());
        assert!(Arc::ptr_eq(&of("a.example"), &of("a.example")));
        assert!(!Arc::ptr_eq(&of("a.example"), &of("a.example:8443")));
    }
}
