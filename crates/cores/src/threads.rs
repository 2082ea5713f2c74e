//! The cores' threads, and where to find them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;

use crate::per_core::{become_core, count};

/// How long calls that block may outlive their core.
const LEFTOVERS: Duration = Duration::from_secs(1);

/// Where servers put the connections that they accept. Clones name the same cores.
#[derive(Clone, Debug)]
pub struct Cores(Arc<[Core]>);

#[derive(Debug)]
struct Core {
    runtime: Handle,
    seats: AtomicUsize,
}

impl Cores {
    /// The runtime that this is called from, as the only one: for tests.
    ///
    /// # Panics
    /// Outside of a Tokio runtime.
    pub fn here() -> Self {
        Self::of([Handle::current()])
    }

    fn of(runtimes: impl IntoIterator<Item = Handle>) -> Self {
        let core = |runtime| Core {
            runtime,
            seats: AtomicUsize::new(0),
        };
        Self(runtimes.into_iter().map(core).collect())
    }

    /// Each core's runtime; at least one.
    pub fn runtimes(&self) -> impl ExactSizeIterator<Item = &Handle> {
        self.0.iter().map(|core| &core.runtime)
    }

    /// A place on the core that has the fewest, until it is dropped.
    pub fn seat(&self) -> Seat {
        let seats = |core: &Core| core.seats.load(Ordering::Relaxed);
        let idlest = (0..self.0.len()).min_by_key(|number| seats(&self.0[*number]));
        let number = idlest.unwrap_or_default();
        self.0[number].seats.fetch_add(1, Ordering::Relaxed);
        Seat {
            cores: self.clone(),
            number,
        }
    }
}

/// A connection's place on a core.
#[derive(Debug)]
pub struct Seat {
    cores: Cores,
    number: usize,
}

impl Seat {
    /// The core's, counted in the order of [`Cores::runtimes`].
    pub fn number(&self) -> usize {
        self.number
    }

    /// The core's runtime.
    pub fn runtime(&self) -> &Handle {
        &self.cores.0[self.number].runtime
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.cores.0[self.number].seats.fetch_sub(1, Ordering::Relaxed);
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
            cores: Cores::of(handles),
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
        let seat = cores.seat();
        let core = seat.runtime();
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
        if cores.runtimes().len() > 1 {
            let next = cores.seat();
            assert_eq!((seat.number(), next.number()), (0, 1));
            drop(next);
            assert_eq!(cores.seat().number(), 1);
        }

        let endless = core.spawn(std::future::pending::<()>());
        drop(threads);
        assert!(here.block_on(endless).unwrap_err().is_cancelled());
    }
}
