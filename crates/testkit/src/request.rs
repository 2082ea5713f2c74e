//! What a scripted vendor was asked.

use serde_json::Value;
use url::form_urlencoded::parse;

use crate::http_message::{Headers, header};

/// One request that the vendor got.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    /// Names as they came, with their values.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// A parameter of the body, whether that is a form or JSON.
    pub fn parameter(&self, name: &str) -> Option<String> {
        if let Ok(Value::Object(members)) = serde_json::from_slice(&self.body) {
            return members.get(name)?.as_str().map(ToOwned::to_owned);
        }
        parse(&self.body)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}
