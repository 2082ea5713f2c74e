//! Something that each core has its own of.

use std::cell::Cell;
use std::num::NonZero;
use std::sync::OnceLock;
use std::thread;

thread_local! {
    /// From one on; zero is every thread that is no core's.
    static CORE: Cell<usize> = const { Cell::new(0) };
}

/// From here on, this thread is that core's.
pub(crate) fn become_core(number: usize) {
    CORE.set(number + 1);
}

/// How many cores this process may use.
pub(crate) fn count() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// One `T` for each core, made when it is first asked for, and one for all threads that are no core's.
#[derive(Debug)]
pub struct PerCore<T>(Box<[OnceLock<T>]>);

impl<T> PerCore<T> {
    /// The one of the core that asks.
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        // More cores than there were at the start share what is nobody's.
        let own = self.0.get(CORE.get()).unwrap_or(&self.0[0]);
        own.get_or_init(make)
    }

    /// Each that was asked for, whichever core's.
    pub fn each(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(OnceLock::get)
    }
}

impl<T> Default for PerCore<T> {
    fn default() -> Self {
        Self((0..=count()).map(|_| OnceLock::new()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_core_has_its_own_and_all_other_threads_one() {
        let (per_core, made) = (PerCore::default(), std::sync::atomic::AtomicU32::new(0));
        let ask = || *per_core.get_or_init(|| made.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        let as_core = |number| {
            thread::scope(|scope| {
                let asked = scope.spawn(|| {
                    become_core(number);
                    ask()
                });
                asked.join().unwrap()
            })
        };
        let here = ask();
        assert_eq!(thread::scope(|scope| scope.spawn(ask).join().unwrap()), here);
        let first = as_core(0);
        assert_ne!(first, here);
        assert_eq!(as_core(0), first);
        assert_eq!(per_core.each().collect::<Vec<_>>(), [&here, &first]);
    }
}
