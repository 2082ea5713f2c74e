//! An answer's fields, whatever they were written in.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::MAX_ANSWER_BYTES;

/// How many objects inside each other are looked into.
const DEPTH: usize = 4;

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

    /// The vendor's error code at this path, where there is one. `null`, `false`, `0` and the empty text are none.
    pub(crate) fn error(&self, path: &str) -> Option<String> {
        let error = self.at(path)?;
        let named = ["type", "code"].iter().find_map(|name| text(error.get(name)?));
        match error {
            Value::Object(_) => Some(named.unwrap_or_default()),
            Value::Bool(true) | Value::Array(_) => Some(String::new()),
            Value::Number(number) if number.as_f64() == Some(0.0) => None,
            other => text(other),
        }
    }

    /// What the vendor says about its error at this path, or as the `message` of an object.
    pub(crate) fn error_description(&self, path: &str) -> Option<String> {
        let nested = || self.0.get("error")?.get("message");
        self.at(path).or_else(nested).and_then(text)
    }

    /// What stands at a path of names with dots between.
    fn at(&self, path: &str) -> Option<&Value> {
        let mut names = path.split('.');
        let first = self.0.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    }

    /// Takes out an object.
    pub(crate) fn take_object(&mut self, path: &str) -> Option<Self> {
        let (first, rest) = path
            .split_once('.')
            .map_or((path, None), |(first, rest)| (first, Some(rest)));
        let Value::Object(object) = self.0.remove(first)? else {
            return None;
        };
        match rest {
            None => Some(Self(object)),
            Some(rest) => Self(object).take_object(rest),
        }
    }

    /// Takes out a text that is not empty.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        match self.0.remove(name)? {
            Value::String(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Takes out a number, or a text that may be one.
    pub(crate) fn take_number(&mut self, name: &str) -> Option<String> {
        text(&self.0.remove(name)?)
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

    /// What is left of texts and numbers, by their paths below `prefix`.
    pub(crate) fn into_texts(self, prefix: &str) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        gather(self.0, prefix, DEPTH, &mut texts);
        texts
    }
}

fn gather(object: Map<String, Value>, prefix: &str, depth: usize, texts: &mut BTreeMap<String, String>) {
    for (name, value) in object {
        let path = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Object(object) if depth > 0 => gather(object, &path, depth - 1, texts),
            value => texts.extend(text(&value).map(|text| (path, text))),
        }
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
