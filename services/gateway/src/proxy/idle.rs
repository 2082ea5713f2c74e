//! How long a body may stand still.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Measures one wait at a time; no timer is made for a body that never lets anybody wait.
pub(crate) struct Idle {
    longest: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl Idle {
    pub(crate) fn new(longest: Duration) -> Self {
        Self {
            longest,
            timer: None,
            waiting: false,
        }
    }

    /// Something came: the next wait is another. That nobody asked for a while is not the body's fault.
    pub(crate) fn moved(&mut self) {
        self.waiting = false;
    }

    /// Nothing is there yet; ready when that has been so for too long.
    pub(crate) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !std::mem::replace(&mut self.waiting, true) {
            timer.as_mut().reset(Instant::now() + longest);
        }
        timer.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn only_waiting_counts() {
        let mut idle = Idle::new(LONGEST);
        let waits = async |idle: &mut Idle| poll_fn(|context| Poll::Ready(idle.poll_over(context))).await;
        assert!(waits(&mut idle).await.is_pending());
        tokio::time::advance(LONGEST / 2).await;
        assert!(waits(&mut idle).await.is_pending());
        idle.moved();
        tokio::time::advance(LONGEST * 2).await;
        assert!(
            waits(&mut idle).await.is_pending(),
            "nobody asked in the meantime"
        );
        tokio::time::advance(LONGEST).await;
        assert!(waits(&mut idle).await.is_ready());
    }
}
