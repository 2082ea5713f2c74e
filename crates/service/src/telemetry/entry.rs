//! How the parts of a log entry are written, as text or as JSON, so that the whole stays one line.

use std::error::Error;
use std::fmt::{self, Write};
use std::mem;

use tracing::field::{Field, Visit};

use crate::one_line::{cut, one_line, steers};

/// How much of one value is kept, in bytes.
const VALUE_LIMIT: usize = 8 * 1024;

/// How a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
}

/// The fields of an event or a span in the order they came, each written as soon as it is known: ` key=value`, or
/// `,"key":value`. Text is cut at 8 KiB.
#[derive(Debug, Default)]
pub(super) struct Fields {
    format: Format,
    written: String,
    /// Whose field begins where.
    places: Vec<(&'static str, usize)>,
    /// Of an event's text, the words that stand in front of the fields.
    message: Option<String>,
    value: String,
}

impl Fields {
    /// Those of a span.
    pub(super) fn of_span(format: Format) -> Self {
        let fields = Self::default();
        Self { format, ..fields }
    }

    /// Makes them those of an event, with the room that they have.
    pub(super) fn begin_event(&mut self, format: Format) {
        self.format = format;
        self.written.clear();
        self.places.clear();
        let mut words = self.message.take().unwrap_or_default();
        words.clear();
        self.message = (format == Format::Text).then_some(words);
    }

    /// An event's words; empty where it has none, or where they are a field like others.
    pub(super) fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// All of them, without what would part them from something before.
    pub(super) fn as_str(&self) -> &str {
        self.written.get(1..).unwrap_or_default()
    }

    /// Writes the field's name; its value follows.
    fn name(&mut self, field: &Field) {
        let name = field.name();
        if let Some(held) = self.places.iter().position(|(held, _)| *held == name) {
            self.remove(held);
        }
        self.places.push((name, self.written.len()));
        match self.format {
            Format::Text => {
                self.written.push(' ');
                self.written.push_str(name);
                self.written.push('=');
            }
            Format::Json => {
                self.written.push(',');
                push_json(&mut self.written, name);
                self.written.push(':');
            }
        }
    }

    fn remove(&mut self, held: usize) {
        let (_, start) = self.places.remove(held);
        let end = self
            .places
            .get(held)
            .map_or(self.written.len(), |(_, next)| *next);
        self.written.replace_range(start..end, "");
        for (_, place) in &mut self.places[held..] {
            *place -= end - start;
        }
    }

    fn plain(&mut self, field: &Field, value: impl fmt::Display) {
        self.name(field);
        let _ = write!(self.written, "{value}");
    }

    fn text(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        let mut text = mem::take(&mut self.value);
        capped(&mut text, value);
        self.whole(field, &text);
        self.value = text;
    }

    /// Writes a text that is no longer than a value may be.
    fn whole(&mut self, field: &Field, text: &str) {
        match &mut self.message {
            Some(message) if field.name() == "message" => {
                message.clear();
                push_line(message, text);
            }
            _ => {
                self.name(field);
                match self.format {
                    Format::Text if text.is_empty() || text.contains(ambiguous) => {
                        push_json(&mut self.written, text);
                    }
                    Format::Text => self.written.push_str(text),
                    Format::Json => push_json(&mut self.written, text),
                }
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for what is no number.
        self.plain(field, serde_json::Value::from(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.plain(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if value.len() <= VALUE_LIMIT {
            self.whole(field, value);
        } else {
            self.text(field, format_args!("{value}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let mut words = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(words, ": {error}");
            cause = error.source();
        }
        self.text(field, format_args!("{words}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, format_args!("{value:?}"));
    }
}

/// What could be taken for more than a value.
fn ambiguous(c: char) -> bool {
    c.is_whitespace() || steers(c) || matches!(c, '"' | '=' | '\\' | '{' | '}')
}

/// A text of which nothing needs an escape, neither in a line nor in JSON.
fn is_plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
}

/// Adds a text, in one line.
pub(super) fn push_line(line: &mut String, text: &str) {
    if is_plain(text) {
        line.push_str(text);
    } else {
        line.push_str(&one_line(text));
    }
}

/// Adds a text as JSON does, and without the characters that JSON leaves bare and that steer a terminal.
pub(super) fn push_json(line: &mut String, text: &str) {
    if is_plain(text) {
        line.push('"');
        line.push_str(text);
        line.push('"');
        return;
    }
    for c in serde_json::Value::from(text).to_string().chars() {
        if steers(c) {
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
}

/// Formats, but keeps no more than the limit: what comes after is dropped as it comes.
fn capped(kept: &mut String, value: fmt::Arguments<'_>) {
    struct Capped<'a>(&'a mut String);

    impl Write for Capped<'_> {
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

    kept.clear();
    if Capped(kept).write_fmt(value).is_err() {
        kept.push_str("…[cut]");
    }
}
