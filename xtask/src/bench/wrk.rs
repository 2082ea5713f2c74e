//! Load, by wrk.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, ensure};

/// What wrk saw.
#[derive(Debug, PartialEq)]
pub struct Load {
    pub requests: f64,
    /// Requests a second.
    pub rate: f64,
    /// Milliseconds.
    pub half: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Requests that were refused or got no answer.
    pub failed: f64,
}

/// Calls `url` by `connections` for a while, with the requests that `script` makes.
pub fn run(url: &str, script: &Path, connections: u32, time: Duration) -> anyhow::Result<Load> {
    let output = Command::new("wrk")
        .args(["--threads", "1", "--latency"])
        .args(["--connections", &connections.to_string()])
        .args(["--duration", &format!("{}s", time.as_secs())])
        .arg("--script")
        .arg(script)
        .arg(url)
        .output()
        .context("cannot start wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "wrk failed at {url}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    parse(&text).with_context(|| format!("wrk said of {url}: {text}"))
}

fn parse(text: &str) -> Option<Load> {
    let after = |words: &str| {
        text.lines()
            .find_map(|line| line.trim().strip_prefix(words))
            .map(str::trim)
    };
    let requests = text
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))?
        .0;
    let refused = after("Non-2xx or 3xx responses:").map_or(Some(0.0), |count| count.parse().ok())?;
    // "connect 0, read 3, write 0, timeout 0"
    let broken: f64 = after("Socket errors:")
        .unwrap_or_default()
        .split([' ', ','])
        .filter_map(|word| word.parse::<f64>().ok())
        .sum();
    Some(Load {
        requests: requests.parse().ok()?,
        rate: after("Requests/sec:")?.parse().ok()?,
        half: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
        failed: refused + broken,
    })
}

/// `1.5ms`, `90.00us`, `2s`.
fn milliseconds(text: &str) -> Option<f64> {
    let (number, factor) = [("us", 0.001), ("ms", 1.0), ("s", 1000.0)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    number.parse().ok().map(|number: f64| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: &str = "Running 2s test @ http://127.0.0.1:1/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.95ms  300.00us   9.00ms   90.00%
    Req/Sec    30.10k     2.00k   33.00k    70.00%
  Latency Distribution
     50%  900.00us
     75%    1.10ms
     90%    1.50ms
     99%    2.25ms
  60200 requests in 2.00s, 70.00MB read
Requests/sec:  30100.50
Transfer/sec:     35.00MB
";

    #[test]
    fn what_wrk_prints_is_read() {
        let calm = Load {
            requests: 60200.0,
            rate: 30100.5,
            half: 0.9,
            p99: 2.25,
            failed: 0.0,
        };
        assert_eq!(parse(CALM), Some(calm));
    }

    #[test]
    fn failures_are_counted() {
        let troubled = CALM.replace(
            "Requests/sec:",
            "  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\nRequests/sec:",
        );
        assert_eq!(parse(&troubled).map(|load| load.failed), Some(11.0));
    }

    #[test]
    fn what_is_no_report_is_none() {
        assert_eq!(parse("unable to connect"), None);
    }
}
