//! A log entry as values, and how it is written: one line of text or JSON.

use std::error::Error;
use std::fmt::{self, Write};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};

use crate::one_line::{cut, one_line, steers};

/// How much of one value is kept, in bytes.
const VALUE_LIMIT: usize = 8 * 1024;

/// The fields of an event or a span, in the order they came; text is cut at 8 KiB.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, field: &Field, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(name, _)| *name == field.name()) {
            Some((_, held)) => *held = value,
            None => self.0.push((field.name(), value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, capped(format_args!("{value}")));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut words = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(words, ": {error}");
            cause = error.source();
        }
        self.set(field, capped(format_args!("{words}")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, capped(format_args!("{value:?}")));
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A span that an event happened in.
pub(super) struct Span<'a> {
    pub(super) name: &'static str,
    pub(super) fields: &'a Fields,
}

impl Serialize for Span<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        for (name, value) in &self.fields.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// One log entry; `spans` from the outermost in.
#[derive(Serialize)]
pub(super) struct Entry<'a> {
    pub(super) timestamp: String,
    pub(super) level: &'static str,
    pub(super) target: &'a str,
    pub(super) fields: &'a Fields,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(super) spans: &'a [Span<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) trace_id: Option<String>,
}

impl Entry<'_> {
    /// `2026-01-01T00:00:00Z  INFO target: span{key=value}: message key=value`, one line, without its end.
    pub(super) fn text(&self) -> String {
        let mut line = format!("{} {:>5} {}: ", self.timestamp, self.level, one_line(self.target));
        for span in self.spans {
            let pairs: Vec<_> = span.fields.0.iter().map(pair).collect();
            let _ = write!(line, "{}{{{}}}: ", span.name, pairs.join(" "));
        }
        let is_message = |field: &&(&str, Value)| field.0 == "message";
        let message = self
            .fields
            .0
            .iter()
            .find(is_message)
            .map(|(_, value)| match value {
                Value::String(words) => one_line(words),
                other => other.to_string(),
            });
        let pairs = self.fields.0.iter().filter(|field| !is_message(field)).map(pair);
        let trace = self.trace_id.iter().map(|id| format!("trace_id={id}"));
        let parts: Vec<_> = message.into_iter().chain(pairs).chain(trace).collect();
        line.push_str(&parts.join(" "));
        line
    }

    /// The entry as a JSON object, one line, without its end.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self)
            .map_or_else(|error| json_text(&error.to_string()), |json| json_escaped(&json))
    }
}

/// `key=value`, the value in JSON's quotes where it could be taken for more than a value.
fn pair((name, value): &(&'static str, Value)) -> String {
    match value {
        Value::String(text) if text.is_empty() || text.contains(ambiguous) => {
            format!("{name}={}", json_text(text))
        }
        Value::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    }
}

fn ambiguous(c: char) -> bool {
    c.is_whitespace() || steers(c) || matches!(c, '"' | '=' | '\\' | '{' | '}')
}

fn json_text(text: &str) -> String {
    json_escaped(&Value::from(text).to_string())
}

/// JSON leaves some characters bare that steer a terminal; they can only stand inside its strings.
fn json_escaped(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Formats, but keeps no more than the limit: what comes after is dropped as it comes.
fn capped(value: fmt::Arguments<'_>) -> String {
    struct Capped(String);

    impl Write for Capped {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let fits = cut(text, VALUE_LIMIT - self.0.len());
            self.0.push_str(fits);
            if fits.len() == text.len() {
                Ok(())
            } else {
                Err(fmt::Error)
            }
        }
    }

    let mut kept = Capped(String::new());
    if kept.write_fmt(value).is_err() {
        kept.0.push_str("…[cut]");
    }
    kept.0
}
