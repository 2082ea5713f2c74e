//! Request bodies: JSON objects within limits, read before anything trusts them.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::errors::ApiError;

/// The largest body of a platform call.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// How much of a larger body is read, and thrown away, so that a client that sends before it listens hears why.
const MAX_DISCARDED: usize = 16 * MAX_BODY;

/// How long a client may take to send a body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The deepest JSON.
const MAX_DEPTH: usize = 64;

/// The longest value of `configuration` or `providerData`.
const MAX_VALUE: usize = 16 * 1024;

/// The most entries of `configuration` or `providerData`.
const MAX_ENTRIES: usize = 200;

/// A JSON object read into `T`, with the digest-worthy bytes it came from.
pub(crate) struct Json<T> {
    pub(crate) value: T,
    pub(crate) bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request.into_body()).await?;
        if depth(&bytes) > MAX_DEPTH {
            return Err(ApiError::bad_request(format!(
                "The JSON body is nested deeper than {MAX_DEPTH} levels."
            )));
        }
        // A list would pass for an object whose fields are taken in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(ApiError::bad_request("The body is no JSON object."));
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            ApiError::bad_request(format!(
                "The body is not the JSON that this call takes: {}",
                words(&error)
            ))
        })?;
        Ok(Self { value, bytes })
    }
}

/// The whole body, within the limits of a platform call.
pub(crate) async fn read(body: Body) -> Result<Bytes, ApiError> {
    let Ok(read) = tokio::time::timeout(BODY_TIMEOUT, collect(body)).await else {
        return Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("The body was not here within {} s.", BODY_TIMEOUT.as_secs()),
        ));
    };
    read
}

async fn collect(mut body: Body) -> Result<Bytes, ApiError> {
    let (mut kept, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await
        && length <= MAX_DISCARDED
    {
        let frame = frame.map_err(|_| ApiError::bad_request("The body ended before its time."))?;
        let data = frame.into_data().unwrap_or_default();
        length += data.len();
        if length <= MAX_BODY {
            kept.extend_from_slice(&data);
        }
    }
    if length > MAX_BODY {
        return Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is larger than {MAX_BODY} bytes."),
        ));
    }
    Ok(kept.into())
}

/// Where and what, without the offending text: it may be a secret.
fn words(error: &serde_json::Error) -> String {
    let at = format!("line {}, column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => format!("a value has the wrong shape at {at}."),
        _ => format!("it is malformed at {at}."),
    }
}

/// How deep brackets nest outside strings.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// `configuration` and `providerData` as strings: numbers and booleans by their text, objects as JSON text,
/// nulls and empty strings left out (contract: clients send both for what is absent).
pub(crate) fn strings(
    name: &str,
    map: BTreeMap<String, Value>,
) -> Result<BTreeMap<String, String>, ApiError> {
    if map.len() > MAX_ENTRIES {
        return Err(ApiError::bad_request(format!(
            "`{name}` has more than {MAX_ENTRIES} entries."
        )));
    }
    let mut strings = BTreeMap::new();
    for (key, value) in map {
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text,
            other => other.to_string(),
        };
        if text.is_empty() {
            continue;
        }
        if key.len() > 256 || text.len() > MAX_VALUE || key.contains('\0') || text.contains('\0') {
            return Err(ApiError::bad_request(format!(
                "An entry of `{name}` is longer than {MAX_VALUE} bytes or holds a NUL."
            )));
        }
        strings.insert(key, text);
    }
    Ok(strings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_strings() {
        for (json, want) in [
            ("{}", 1),
            ("[[[]]]", 3),
            (r#"{"a":"[[[["}"#, 1),
            (r#"["\"[[", [1]]"#, 2),
            ("]]]][", 1),
            ("", 0),
        ] {
            assert_eq!(depth(json.as_bytes()), want, "{json}");
        }
    }

    #[test]
    fn absent_values_are_left_out_and_others_become_text() {
        let given =
            serde_json::from_str(r#"{"a":"x","b":"","c":null,"d":true,"e":7,"f":{"g":[1]}}"#).unwrap();
        let want = [("a", "x"), ("d", "true"), ("e", "7"), ("f", r#"{"g":[1]}"#)];
        let want = want.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(strings("configuration", given).unwrap(), BTreeMap::from(want));
    }
}
