//! A panic is an entry like any other: one line.

use std::panic::PanicHookInfo;

/// Logs panics instead of printing them over several lines.
pub(super) fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, what = words(panic), "panicked");
    }));
}

fn words<'a>(panic: &'a PanicHookInfo<'_>) -> &'a str {
    panic.payload_as_str().unwrap_or("a value that is no text")
}
