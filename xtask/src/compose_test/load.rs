//! Calls without end, each counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::flow::{Caller, Outcome};

/// Between a caller's calls.
const PAUSE: Duration = Duration::from_millis(40);

/// A call: when it began, counted from the load's begin, and how it ended.
pub struct Call {
    pub began: Duration,
    pub took: Duration,
    pub outcome: Outcome,
}

/// What came of all of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub calls: usize,
    pub failed: usize,
    /// How the failed ones ended, and how many so.
    pub why: BTreeMap<String, usize>,
    /// From the begin of the first that failed to the end of the last.
    pub window: Duration,
    /// The longest that a call took which succeeded.
    pub slowest: Duration,
}

/// Every caller calls, one call after another, while `meanwhile` runs.
pub fn during<T>(callers: &[Caller], meanwhile: impl FnOnce() -> T) -> (T, Tally) {
    let (start, over) = (Instant::now(), AtomicBool::new(false));
    thread::scope(|scope| {
        let running: Vec<_> = callers
            .iter()
            .map(|caller| scope.spawn(|| calls(caller, start, &over)))
            .collect();
        let outcome = meanwhile();
        over.store(true, Ordering::Relaxed);
        let calls = running
            .into_iter()
            .flat_map(|caller| caller.join().unwrap_or_default());
        (outcome, Tally::of(calls))
    })
}

fn calls(caller: &Caller, start: Instant, over: &AtomicBool) -> Vec<Call> {
    let mut calls = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let began = start.elapsed();
        let outcome = caller.call();
        let took = start.elapsed().saturating_sub(began);
        calls.push(Call { began, took, outcome });
        thread::sleep(PAUSE);
    }
    calls
}

impl Tally {
    fn of(calls: impl Iterator<Item = Call>) -> Self {
        let mut tally = Self::default();
        let (mut first, mut last) = (Duration::MAX, Duration::ZERO);
        for Call { began, took, outcome } in calls {
            tally.calls += 1;
            let why = match outcome {
                Ok(200) => {
                    tally.slowest = tally.slowest.max(took);
                    continue;
                }
                Ok(status) => status.to_string(),
                Err(why) => why,
            };
            tally.failed += 1;
            *tally.why.entry(why).or_default() += 1;
            (first, last) = (first.min(began), last.max(began + took));
        }
        tally.window = last.saturating_sub(first);
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(began: u64, took: u64, outcome: Outcome) -> Call {
        let [began, took] = [began, took].map(Duration::from_millis);
        Call { began, took, outcome }
    }

    #[test]
    fn what_failed_is_counted_by_its_reason_and_bounded_in_time() {
        let calls = [
            call(0, 900, Ok(200)),
            call(100, 50, Ok(503)),
            call(200, 10, Err("connection refused".to_owned())),
            call(400, 100, Ok(503)),
            call(900, 20, Ok(200)),
        ];
        let tally = Tally::of(calls.into_iter());
        assert_eq!((tally.calls, tally.failed), (5, 3));
        let why = [("503".to_owned(), 2), ("connection refused".to_owned(), 1)];
        assert_eq!(tally.why, why.into());
        assert_eq!(tally.window, Duration::from_millis(400));
        assert_eq!(tally.slowest, Duration::from_millis(900));
    }

    #[test]
    fn where_nothing_failed_there_is_no_window() {
        let tally = Tally::of([call(0, 1, Ok(200))].into_iter());
        assert_eq!((tally.failed, tally.window), (0, Duration::ZERO));
    }
}
