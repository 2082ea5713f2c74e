//! An answer that a test prepared.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::http_message::{Headers, head};

/// What a vendor shall do with the next token request.
#[derive(Debug, Clone)]
pub struct Scripted {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) cut: Option<usize>,
}

impl Scripted {
    /// An answer with any body.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            body: body.into(),
            delay: Duration::ZERO,
            cut: None,
        }
    }

    /// An answer with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// The connection is cut once the request was read, with no answer.
    pub fn cut() -> Self {
        Self::new(200, "application/json", "").cut_after(0)
    }

    /// Only the first `bytes` bytes of the answer are sent, headers included, then the connection is cut.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// The answer takes its time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// One more header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same answer with other members of its JSON; `null` takes one away.
    ///
    /// # Panics
    /// When the body is no JSON object.
    #[must_use]
    pub fn with_members(mut self, members: &Value) -> Self {
        let body = serde_json::from_slice(&self.body);
        let mut body: Map<String, Value> = body.expect("a JSON object as body");
        for (name, value) in members.as_object().expect("an object of members") {
            if value.is_null() {
                body.remove(name);
            } else {
                body.insert(name.clone(), value.clone());
            }
        }
        self.body = Value::from(body).to_string().into();
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self.body.len().to_string();
        let framing = [("Connection", "close"), ("Content-Length", length.as_str())];
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let head = head(
            &format!("HTTP/1.1 {} Scripted", self.status),
            framing.into_iter().chain(headers),
        );
        let mut bytes = [head.as_bytes(), &self.body].concat();
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }
}
