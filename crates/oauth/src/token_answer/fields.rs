//! An answer's fields, whatever they were written in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::MAX_ANSWER_BYTES;

/// The top-level fields of an answer.
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads JSON, or a form unless the content type says that this is a page. `None`: it is neither.
    pub(crate) fn read(content_type: Option<&str>, body: &[u8]) -> Option<Self> {
        if body.len() > MAX_ANSWER_BYTES {
            return None;
        }
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
        match body.first()? {
            b'{' => serde_json::from_slice(body).ok().map(Self),
            b'[' | b'<' | b'"' => None,
            _ if content_type.is_some_and(is_page) => None,
            _ => Some(Self(
                form_urlencoded::parse(body)
                    .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                    .collect(),
            )),
        }
    }

    /// The vendor's error code, where there is one. `null`, `false`, `0` and the empty text are none.
    pub(crate) fn error(&self) -> Option<String> {
        let error = self.0.get("error")?;
        let named = ["type", "code"].iter().find_map(|name| text(error.get(name)?));
        match error {
            Value::Object(_) => Some(named.unwrap_or_default()),
            Value::Bool(true) | Value::Array(_) => Some(String::new()),
            Value::Number(number) if number.as_f64() == Some(0.0) => None,
            other => text(other),
        }
    }

    /// What the vendor says about its error.
    pub(crate) fn error_description(&self) -> Option<String> {
        let nested = || self.0.get("error")?.get("message");
        self.0.get("error_description").or_else(nested).and_then(text)
    }

    /// Takes out a text that is not empty.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Takes out a positive number of seconds.
    pub(crate) fn take_seconds(&mut self, name: &str) -> Option<Duration> {
        let seconds = match self.0.remove(name)? {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        (seconds > 0.0)
            .then(|| Duration::try_from_secs_f64(seconds).ok())
            .flatten()
    }

    /// Takes out a text, or a list of texts joined by spaces, that is not empty.
    pub(crate) fn take_words(&mut self, name: &str) -> Option<String> {
        let words = match self.0.remove(name)? {
            Value::String(text) => text,
            Value::Array(list) => list
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            _ => return None,
        };
        (!words.is_empty()).then_some(words)
    }

    /// What is left of texts and numbers.
    pub(crate) fn into_texts(self) -> BTreeMap<String, String> {
        self.0
            .into_iter()
            .filter_map(|(name, value)| Some((name, text(&value)?)))
            .collect()
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_page(content_type: &str) -> bool {
    let content_type = content_type.to_ascii_lowercase();
    content_type.contains("html") || content_type.contains("xml")
}
