//! Entries of the log that carry `event`, counted: what an operator watches in the log can raise an alarm.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

const EVENTS: &str = "ferrule_events_total";
const FIELD: &str = "event";

/// Whether an entry is counted: asked once for each place in the code.
pub(super) fn is_counted(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.fields().field(FIELD).is_some()
}

/// Counts entries by their event, each a word of the code, and level.
pub(super) struct Events;

impl Events {
    pub(super) fn new() -> Self {
        metrics::describe_counter!(EVENTS, "Entries of the log that carry an event.");
        Self
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = event.metadata().level().as_str();
        event.record(&mut Name(level));
    }
}

/// Looks for the event's name.
struct Name(&'static str);

impl Visit for Name {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == FIELD {
            metrics::counter!(EVENTS, "event" => value.to_owned(), "level" => self.0).increment(1);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
