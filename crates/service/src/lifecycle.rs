//! When a process ends: asked once it drains, asked twice it goes.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled at the first SIGTERM or SIGINT; the second ends the process at once, after `last_words`.
///
/// Must be called within a Tokio runtime. Errors when the system refuses the handlers.
pub fn shutdown_on_signals(last_words: impl FnOnce() + Send + 'static) -> io::Result<CancellationToken> {
    let mut signals = Signals {
        terminate: signal(SignalKind::terminate())?,
        interrupt: signal(SignalKind::interrupt())?,
    };
    let shutdown = CancellationToken::new();
    let asked = shutdown.clone();
    tokio::spawn(async move {
        let first = signals.next().await;
        tracing::info!(signal = first.name, "stopping: finishing what is in flight");
        asked.cancel();
        let second = signals.next().await;
        tracing::warn!(signal = second.name, "stopped at once: asked twice");
        last_words();
        std::process::exit(128 + second.number);
    });
    Ok(shutdown)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

struct Received {
    name: &'static str,
    number: i32,
}

impl Signals {
    async fn next(&mut self) -> Received {
        tokio::select! {
            _ = self.terminate.recv() => Received { name: "SIGTERM", number: 15 },
            _ = self.interrupt.recv() => Received { name: "SIGINT", number: 2 },
        }
    }
}

/// Waits for `work` until `deadline` has passed; tells whether it was finished. Unfinished work is dropped.
pub async fn drain(deadline: Duration, work: impl Future) -> bool {
    tokio::time::timeout(deadline, work).await.is_ok()
}

/// Runs `work` to its end, but no longer than `deadline` after `shutdown`; `None` when it was cut off.
pub async fn run_until<T>(
    shutdown: &CancellationToken,
    deadline: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(deadline).await;
    };
    tokio::select! {
        biased;
        done = work => Some(done),
        () = too_late => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn draining_tells_whether_the_work_was_finished() {
        assert!(drain(LONG, async {}).await);
        assert!(!drain(SHORT, std::future::pending::<()>()).await);
    }

    #[tokio::test]
    async fn work_that_outlives_the_deadline_is_cut_off() {
        let shutdown = CancellationToken::new();
        assert_eq!(run_until(&shutdown, SHORT, async { 7 }).await, Some(7));
        shutdown.cancel();
        assert_eq!(run_until(&shutdown, LONG, async { 7 }).await, Some(7));
        assert_eq!(
            run_until(&shutdown, SHORT, std::future::pending::<i32>()).await,
            None
        );
    }
}
