//! The cores' threads, and where to find them.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use crate::per_core::{become_core, count};

/// How long calls that block may outlive their core.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// Where servers put the connections that they accept. Clones name the same cores.
#[derive(Clone, Debug)]
pub struct Cores(Arc<[Handle]>);

impl Cores {
    /// The runtime that this is called from, as the only one: for tests.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn here() -> Self {
        Self(Arc::new([Handle::current()]))
    }

    /// Each core's runtime; at least one.
    pub fn handles(&self) -> &[Handle] {
        &self.0
    }
}

/// The threads behind [`Cores`]. What still runs on them ends with this.
#[derive(Debug)]
pub struct Threads {
    cores: Cores,
    running: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

impl Threads {
    /// One for each core that this process may use. An error: the system gives none.
    pub fn start() -> io::Result<Self> {
        let stop = CancellationToken::new();
        let (mut handles, mut threads) = (Vec::new(), Vec::new());
        for number in 0..count() {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            handles.push(runtime.handle().clone());
            let stopped = stop.clone().cancelled_owned();
            let thread = thread::Builder::new().name(format!("core-{number}"));
            threads.push(thread.spawn(move || {
                become_core(number);
                runtime.block_on(stopped);
                runtime.shutdown_timeout(LEFTOVERS);
            })?);
        }
        Ok(Self {
            cores: Cores(handles.into()),
            running: threads,
            stop,
        })
    }

    /// Where to put connections.
    pub fn cores(&self) -> Cores {
        self.cores.clone()
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.running.drain(..) {
            // A panic was logged where it happened.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_on_a_core_stays_on_its_thread_and_ends_with_it() {
        let threads = Threads::start().unwrap();
        let cores = threads.cores();
        let core = &cores.handles()[0];
        let name = || thread::current().name().map(ToOwned::to_owned);
        let asked = core.spawn(async move {
            let before = name();
            tokio::task::yield_now().await;
            (before, name())
        });
        let here = Builder::new_current_thread().build().unwrap();
        let (before, after) = here.block_on(asked).unwrap();
        assert_eq!(
            (before.as_deref(), after.as_deref()),
            (Some("core-0"), Some("core-0"))
        );

        let endless = core.spawn(std::future::pending::<()>());
        drop(threads);
        assert!(here.block_on(endless).unwrap_err().is_cancelled());
    }
}
