//! Where lines go: gathered, and written to their end by a thread of its own, so that nobody waits for whoever reads
//! them.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// So much is written at once, since each time wakes a thread,
const FULL: usize = 256 * 1024;

/// or what has come within this time.
const PAUSE: Duration = Duration::from_millis(50);

/// What waits for a reader that is slower than the log; lines beyond that are counted, and lost.
const MOST: usize = 4 * 1024 * 1024;

/// How long [`Sink::flush`] waits for such a reader.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes lines. Clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Sink(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// There is something to write.
    came: Condvar,
    /// Everything is written.
    went: Condvar,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<u8>,
    lost: u64,
    /// Whether what is held is to be written at once.
    hurry: bool,
    writing: bool,
}

impl State {
    fn is_enough(&self) -> bool {
        self.hurry || self.held.len() >= FULL
    }
}

impl Sink {
    /// Starts the thread that writes to `out`, for as long as the process lives.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let sink = Self::default();
        let shared = Arc::clone(&sink.0);
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || shared.write(out))?;
        Ok(sink)
    }

    /// Takes a line; `hurry`: it is written at once, with all before it.
    pub(super) fn push(&self, line: &str, hurry: bool) {
        let mut state = self.0.lock();
        if state.held.len() + line.len() > MOST {
            state.lost += 1;
            return;
        }
        let (was_empty, was_enough) = (state.held.is_empty(), state.is_enough());
        state.held.extend_from_slice(line.as_bytes());
        state.hurry |= hurry;
        if was_empty || (!was_enough && state.is_enough()) {
            self.0.came.notify_one();
        }
    }

    /// Waits until every line that was taken is written, as long as somebody reads them.
    pub(super) fn flush(&self) {
        let mut state = self.0.lock();
        state.hurry = true;
        self.0.came.notify_one();
        let unwritten = |state: &mut State| state.writing || !state.held.is_empty();
        drop(self.0.went.wait_timeout_while(state, PATIENCE, unwritten));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics runs under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let lost = self.wait_for(&mut lines);
            // Nobody is left to tell when the log itself cannot be written.
            let _ = out.write_all(&lines);
            lines.clear();
            if lost > 0 {
                tracing::warn!(lost, "the log is read too slowly: lines were lost");
            }
        }
    }

    /// Takes the lines that are to be written next; gives how many were lost since the last ones.
    fn wait_for(&self, lines: &mut Vec<u8>) -> u64 {
        let mut state = self.lock();
        state.writing = false;
        if state.held.is_empty() {
            self.went.notify_all();
        }
        let nothing = |state: &mut State| state.held.is_empty();
        let state = self
            .came
            .wait_while(state, nothing)
            .unwrap_or_else(PoisonError::into_inner);
        let little = |state: &mut State| !state.is_enough();
        let waited = self.came.wait_timeout_while(state, PAUSE, little);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut state.held, lines);
        state.hurry = false;
        state.writing = true;
        std::mem::take(&mut state.lost)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Instant;

    use super::*;

    /// Tells what is written, and waits with each write for a word.
    struct Slow(Sender<String>, Receiver<()>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.1.recv();
            let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Sink, Receiver<String>, Sender<()>) {
        let ((to_reader, read), (go, gone)) = (channel(), channel());
        (Sink::start(Slow(to_reader, gone)).unwrap(), read, go)
    }

    #[test]
    fn lines_are_written_together_in_their_order() {
        let (sink, read, go) = slow();
        sink.push("a\n", false);
        sink.push("b\n", false);
        sink.push("c\n", true);
        go.send(()).unwrap();
        assert_eq!(read.recv().unwrap(), "a\nb\nc\n");
        sink.push("alone\n", false);
        go.send(()).unwrap();
        assert_eq!(read.recv().unwrap(), "alone\n", "none waits for others for long");
    }

    #[test]
    fn whoever_flushes_finds_everything_written() {
        let (sink, read, go) = slow();
        sink.push("a\n", false);
        go.send(()).unwrap();
        sink.flush();
        assert_eq!(read.try_recv().as_deref(), Ok("a\n"));
        sink.flush();
    }

    #[test]
    fn nobody_waits_for_a_reader_that_takes_nothing() {
        let (sink, _read, _go) = slow();
        let line = "x".repeat(MOST / 8);
        let began = Instant::now();
        (0..64).for_each(|_| sink.push(&line, true));
        assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        let state = sink.0.lock();
        assert!(state.held.len() <= MOST && state.lost > 0);
    }
}
