//! The layer that writes each event as one line.

use std::io::Write;

use opentelemetry::Context as TraceContext;
use opentelemetry::trace::TraceContextExt;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::entry::{Entry, Fields, Span};

/// How a line is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Format {
    Text,
    Json,
}

/// Writes every event that reaches it to `writer`, one write a line.
pub(super) struct Lines<W> {
    format: Format,
    writer: W,
}

impl<W> Lines<W> {
    pub(super) fn new(format: Format, writer: W) -> Self {
        Self { format, writer }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
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
        let mut fields = Fields::default();
        event.record(&mut fields);
        let scope: Vec<_> = context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
            .collect();
        let held: Vec<_> = scope
            .iter()
            .map(|span| (span.name(), span.extensions()))
            .collect();
        let spans: Vec<_> = held
            .iter()
            .filter_map(|(name, extensions)| extensions.get::<Fields>().map(|fields| Span { name, fields }))
            .collect();
        let entry = Entry {
            timestamp: now(),
            level: event.metadata().level().as_str(),
            target: event.metadata().target(),
            fields: &fields,
            spans: &spans,
            trace_id: trace_id(),
        };
        let mut line = match self.format {
            Format::Text => entry.text(),
            Format::Json => entry.json(),
        };
        line.push('\n');
        // Nobody is left to tell when the log itself cannot be written.
        let _ = self
            .writer
            .make_writer_for(event.metadata())
            .write_all(line.as_bytes());
    }
}

fn now() -> String {
    let mut text = String::new();
    let _ = SystemTime.format_time(&mut Writer::new(&mut text));
    text
}

/// The trace that the current span belongs to, where spans are exported.
fn trace_id() -> Option<String> {
    TraceContext::map_current(|context| {
        let span = context.span();
        let known = span.span_context();
        known.is_valid().then(|| known.trace_id().to_string())
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

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is logged while `act` runs.
    fn logged(format: Format, act: impl FnOnce()) -> String {
        let written = Written::default();
        let writer = written.clone();
        let tracer = SdkTracerProvider::builder().build().tracer("test");
        let subscriber = tracing_subscriber::registry()
            .with(filter_fn(crate::telemetry::no_bytes_of_others))
            .with(Lines::new(format, move || writer.clone()))
            .with(tracing_opentelemetry::layer().with_tracer(tracer));
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(std::mem::take(&mut *written.0.lock().unwrap())).unwrap()
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
