//! The layer that writes each event as one line.

use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use opentelemetry::Context as TraceContext;
use opentelemetry::trace::TraceContextExt;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::entry::{Fields, Format, push_json, push_line};

/// Hands every event that reaches it to `out`, as one line with its end, and with its level.
pub(super) struct Lines<O> {
    format: Format,
    out: O,
}

impl<O: Fn(&str, Level)> Lines<O> {
    pub(super) fn new(format: Format, out: O) -> Self {
        Self { format, out }
    }
}

/// A thread's room for the line that it writes, kept from one to the next.
#[derive(Default)]
struct Desk {
    line: String,
    fields: Fields,
    second: u64,
    /// That second as text, up to the fraction.
    second_text: String,
}

thread_local! {
    static DESK: Cell<Desk> = Cell::default();
}

impl<S, O> Layer<S> for Lines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Fn(&str, Level) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::of_span(self.format);
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // Taken, not borrowed: a value that is being written may log, too.
        let mut desk = DESK.take();
        desk.fields.begin_event(self.format);
        event.record(&mut desk.fields);
        desk.line.clear();
        match self.format {
            Format::Text => desk.text(event, context.event_scope(event)),
            Format::Json => desk.json(event, context.event_scope(event)),
        }
        desk.line.push('\n');
        (self.out)(&desk.line, *event.metadata().level());
        DESK.set(desk);
    }
}

impl Desk {
    /// `2026-01-01T00:00:00.000000Z  INFO target: span{key=value}: message key=value`.
    fn text<S>(&mut self, event: &Event<'_>, scope: Option<Scope<'_, S>>)
    where
        S: for<'a> LookupSpan<'a>,
    {
        self.push_now();
        let _ = write!(self.line, " {:>5} ", event.metadata().level().as_str());
        push_line(&mut self.line, event.metadata().target());
        self.line.push_str(": ");
        for span in scope.into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                self.line.push_str(span.name());
                self.line.push('{');
                self.line.push_str(fields.as_str());
                self.line.push_str("}: ");
            }
        }
        let parts = [self.fields.message(), self.fields.as_str()];
        let mut parts = parts.into_iter().filter(|part| !part.is_empty());
        self.line.push_str(parts.next().unwrap_or_default());
        for part in parts {
            self.line.push(' ');
            self.line.push_str(part);
        }
        if let Some((trace, span)) = trace() {
            let _ = write!(self.line, " trace_id={trace} span_id={span}");
        }
    }

    /// The same as an object.
    fn json<S>(&mut self, event: &Event<'_>, scope: Option<Scope<'_, S>>)
    where
        S: for<'a> LookupSpan<'a>,
    {
        self.line.push_str("{\"timestamp\":\"");
        self.push_now();
        self.line.push_str("\",\"level\":\"");
        self.line.push_str(event.metadata().level().as_str());
        self.line.push_str("\",\"target\":");
        push_json(&mut self.line, event.metadata().target());
        self.line.push_str(",\"fields\":{");
        self.line.push_str(self.fields.as_str());
        self.line.push('}');
        let mut before = ",\"spans\":[";
        for span in scope.into_iter().flat_map(Scope::from_root) {
            if let Some(fields) = span.extensions().get::<Fields>() {
                self.line.push_str(before);
                self.line.push_str("{\"name\":");
                push_json(&mut self.line, span.name());
                if !fields.as_str().is_empty() {
                    self.line.push(',');
                    self.line.push_str(fields.as_str());
                }
                self.line.push('}');
                before = ",";
            }
        }
        if before == "," {
            self.line.push(']');
        }
        if let Some((trace, span)) = trace() {
            let _ = write!(self.line, ",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"");
        }
        self.line.push('}');
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a line says when it was written, by no other clock"
    )]
    fn push_now(&mut self) {
        // A clock before 1970 is no clock.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.second != now.as_secs() || self.second_text.is_empty() {
            self.second = now.as_secs();
            let second = i64::try_from(now.as_secs()).ok();
            let second = second.and_then(|second| Timestamp::from_second(second).ok());
            self.second_text.clear();
            let _ = write!(self.second_text, "{}", second.unwrap_or_default());
            self.second_text.pop();
        }
        self.line.push_str(&self.second_text);
        let _ = write!(self.line, ".{:06}Z", now.subsec_micros());
    }
}

/// The trace that the current span belongs to, and the span, where spans are exported.
fn trace() -> Option<(opentelemetry::TraceId, opentelemetry::SpanId)> {
    TraceContext::map_current(|context| {
        let span = context.span();
        let known = span.span_context();
        known.is_valid().then(|| (known.trace_id(), known.span_id()))
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use proptest::prelude::*;
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    /// What is logged while `act` runs.
    fn logged(format: Format, act: impl FnOnce()) -> String {
        let written = Arc::new(Mutex::new(String::new()));
        let writer = Arc::clone(&written);
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let subscriber = tracing_subscriber::registry()
            .with(filter_fn(crate::telemetry::no_bytes_of_others))
            .with(Lines::new(format, move |line, _| {
                writer.lock().unwrap().push_str(line);
            }))
            .with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(subscriber, act);
        written.lock().unwrap().split_off(0)
    }

    fn is_one_line(text: &str) -> bool {
        let line = text.strip_suffix('\n');
        line.is_some_and(|line| !line.contains(crate::one_line::steers))
    }

    #[test]
    fn text_shows_time_level_target_spans_message_and_fields() {
        let text = logged(Format::Text, || {
            let span = tracing::info_span!("request", path = "/a b", status = tracing::field::Empty);
            let _inside = span.enter();
            span.record("status", 200_u64);
            tracing::info!(connector = "intercom", tries = 2, "answered");
        });
        let (time, rest) = text.split_once(' ').unwrap();
        assert!(time.ends_with('Z'), "{text}");
        let want = " INFO ferrule_service::telemetry::lines::tests: request{path=\"/a b\" status=200}: answered \
                    connector=intercom tries=2 trace_id=";
        assert!(rest.starts_with(want), "{text}");
    }

    #[test]
    fn json_keeps_types_and_spans() {
        let text = logged(Format::Json, || {
            let _inside = tracing::info_span!("request", id = 7).entered();
            tracing::warn!(open = true, error = %io::Error::other("away"), "failed");
        });
        let entry: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(entry["level"], "WARN");
        assert_eq!(
            entry["fields"],
            serde_json::json!({"message": "failed", "open": true, "error": "away"})
        );
        assert_eq!(entry["spans"], serde_json::json!([{"name": "request", "id": 7}]));
        assert_eq!(entry["trace_id"].as_str().unwrap().len(), 32);
    }

    #[test]
    fn a_value_cannot_forge_a_line_or_a_field() {
        for hostile in [
            "a\r\n2026-01-01 ERROR forged",
            "\u{1b}[2J\u{9b}1m",
            "\0\u{7f}\u{2028}\u{202e}",
            "x status=200",
        ] {
            for format in [Format::Text, Format::Json] {
                let text = logged(
                    format,
                    || tracing::info!(value = hostile, shown = %hostile, "{hostile}"),
                );
                assert!(is_one_line(&text), "{text:?}");
                assert!(!text.contains("value=x status=200"), "{text}");
            }
        }
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = "ü".repeat(1 << 20);
        for format in [Format::Text, Format::Json] {
            let text = logged(format, || tracing::info!(value = long, shown = ?long, "{long}"));
            assert!(is_one_line(&text));
            assert!(text.len() < 3 * 8 * 1024 + 512, "{}", text.len());
            assert_eq!(text.matches("…[cut]").count(), 3);
        }
    }

    #[test]
    fn crates_that_carry_bytes_cannot_trace_them() {
        let text = logged(Format::Text, || {
            tracing::trace!(target: "h2::codec", bytes = "token", "received");
            tracing::debug!(target: "hyper", "connected");
            tracing::trace!("ours");
        });
        assert!(!text.contains("token"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
    }

    #[test]
    fn an_error_is_logged_with_its_causes() {
        let error = anyhow::anyhow!("disk\nfull").context("cannot start");
        let error: &(dyn std::error::Error + 'static) = error.as_ref();
        let text = logged(Format::Text, || tracing::info!(error, "failed"));
        assert!(text.contains(r#"error="cannot start: disk\nfull""#), "{text}");
    }

    proptest! {
        #[test]
        fn every_entry_stays_one_line(value in any::<String>(), words in any::<String>()) {
            for format in [Format::Text, Format::Json] {
                let text = logged(format, || {
                    let _inside = tracing::info_span!("span", value).entered();
                    tracing::info!(value, "{words}");
                });
                prop_assert!(is_one_line(&text), "{:?}", text);
            }
            let json = logged(Format::Json, || tracing::info!(value, "{words}"));
            let entry: serde_json::Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(entry["fields"]["value"].as_str(), Some(value.as_str()));
        }
    }
}
