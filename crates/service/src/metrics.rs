//! What is counted: one recorder for the process, told as Prometheus reads it.
//!
//! Whoever counts knows the facade alone (`metrics`). Every label has a bounded number of values: keys and host templates
//! of the catalogue, routes and methods of ours, classes of status, outcomes. What is none of these counts as `other`.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds of every histogram of durations, in seconds: from a warm call to the longest that a vendor is listened to.
const SECONDS: [f64; 15] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0,
];

/// How often what was recorded is put into its buckets, so that nothing piles up where nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins counting, once for the process. Handles that were made before count nothing.
pub fn start() {
    RECORDER.get_or_init(|| {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .ok()?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok()?;
        Some(handle)
    });
}

/// All that was counted, in Prometheus' text format; empty before [`start`].
pub fn text() -> String {
    handle().map(PrometheusHandle::render).unwrap_or_default()
}

/// Keeps what is counted small; never ends.
pub(crate) async fn upkeep() {
    loop {
        tokio::time::sleep(UPKEEP).await;
        if let Some(handle) = handle() {
            handle.run_upkeep();
        }
    }
}

fn handle() -> Option<&'static PrometheusHandle> {
    RECORDER.get()?.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_told_and_starting_again_forgets_nothing() {
        start();
        metrics::counter!("ferrule_test_total", "kind" => "a").increment(2);
        metrics::histogram!("ferrule_test_seconds").record(0.02);
        start();
        let text = text();
        for line in [
            "ferrule_test_total{kind=\"a\"} 2",
            "ferrule_test_seconds_bucket{le=\"0.01\"} 0",
            "ferrule_test_seconds_bucket{le=\"0.025\"} 1",
            "ferrule_test_seconds_count 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in {text}");
        }
    }
}
