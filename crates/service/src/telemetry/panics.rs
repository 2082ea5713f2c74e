//! A panic is an entry like any other: one line.

use std::panic::PanicHookInfo;

use super::sink::Sink;

/// Logs panics instead of printing them over several lines. A process that ends of one has said so before.
pub(super) fn log_panics(log: Sink) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, what = words(panic), "panicked");
        log.flush();
    }));
}

fn words<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    panic.payload_as_str().unwrap_or("a value that is no text")
}
