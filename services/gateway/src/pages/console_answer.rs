//! What came of a console's call, as a page shows it: text, and no more of it than a page holds.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;

use crate::errors::ApiError;

/// As much of a body as a page shows.
const LONGEST: usize = 24 * 1024;

/// How long the body may take once its answer began.
const PATIENCE: Duration = Duration::from_secs(20);

/// Headers that help to read an answer; the rest is for programs.
const HEADERS: [&str; 7] = [
    "content-type",
    "content-length",
    "location",
    "retry-after",
    "elements-returned-count",
    "elements-next-page-token",
    "etag",
];

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConsoleAnswer {
    /// Status and what it is called; empty when nothing was asked.
    pub(crate) status: String,
    pub(crate) good: bool,
    pub(crate) milliseconds: u128,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    /// What must be known to read it.
    pub(crate) remark: Option<String>,
}

impl ConsoleAnswer {
    pub(crate) fn not_made(words: &str) -> Self {
        Self {
            remark: Some(words.to_owned()),
            ..Self::default()
        }
    }

    /// Reads what a page shows of an answer; `began` is when the call did.
    pub(crate) async fn read(mut response: Response, began: Instant) -> Self {
        let refusal = response.extensions_mut().remove::<ApiError>();
        let (parts, body) = response.into_parts();
        let answer = Self {
            status: named(parts.status),
            good: parts.status.is_success(),
            milliseconds: began.elapsed().as_millis(),
            ..Self::default()
        };
        if let Some(refusal) = refusal {
            return Self {
                remark: Some(format!("Ferrule says: {}", refusal.message())),
                ..answer
            };
        }
        let (bytes, remark) = beginning(body).await;
        Self {
            headers: shown(&parts.headers),
            body: readable(&bytes, &parts.headers, remark.is_none()),
            milliseconds: began.elapsed().as_millis(),
            remark: remark.map(str::to_owned),
            ..answer
        }
    }
}

fn named(status: StatusCode) -> String {
    let name = status.canonical_reason().unwrap_or_default();
    format!("{} {name}", status.as_u16()).trim_end().to_owned()
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &&str| {
        let value = headers.get(*name)?.as_bytes();
        Some(((*name).to_owned(), String::from_utf8_lossy(value).into_owned()))
    };
    HEADERS.iter().filter_map(text).collect()
}

/// The first bytes of a body; with words when there was more, or it broke off.
async fn beginning(mut body: Body) -> (Vec<u8>, Option<&'static str>) {
    let mut bytes = Vec::new();
    let all = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Some("The vendor's answer broke off here.");
            };
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if bytes.len() > LONGEST {
                bytes.truncate(LONGEST);
                return Some("This is the beginning: a program gets all of it.");
            }
        }
        None
    };
    let remark = tokio::time::timeout(PATIENCE, all).await;
    (
        bytes,
        remark.unwrap_or(Some(
            "The vendor's answer is still coming; this is what came so far.",
        )),
    )
}

/// JSON indented, where all of it is there; other text as it is.
fn readable(bytes: &[u8], headers: &HeaderMap, whole: bool) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if whole
        && kind.is_some_and(|kind| kind.contains("json"))
        && let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes)
        && let Ok(text) = serde_json::to_string_pretty(&value)
        && text.len() <= 2 * LONGEST
    {
        return text;
    }
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;

    use super::*;

    async fn read(response: Response) -> ConsoleAnswer {
        ConsoleAnswer::read(response, Instant::now()).await
    }

    #[tokio::test]
    async fn an_answer_is_text_and_no_longer_than_a_page() {
        let json = ([(CONTENT_TYPE, "application/json")], r#"{"b":1,"a":[]}"#);
        let answer = read(json.into_response()).await;
        assert_eq!(answer.body, "{\n  \"b\": 1,\n  \"a\": []\n}");
        assert_eq!((answer.status.as_str(), answer.good), ("200 OK", true));
        assert_eq!(answer.headers[0].0, "content-type");

        let long = read("x".repeat(LONGEST + 1).into_response()).await;
        assert_eq!(long.body.len(), LONGEST);
        assert!(long.remark.unwrap().contains("the beginning"));

        let odd = read((StatusCode::IM_A_TEAPOT, vec![b'a', 0xff]).into_response()).await;
        assert_eq!((odd.body.as_str(), odd.good), ("a\u{fffd}", false));
    }

    #[tokio::test]
    async fn a_refusal_of_ours_is_told_as_ours() {
        let refused = ApiError::new(StatusCode::FORBIDDEN, "The instance is disabled.");
        let answer = read(refused.into_response()).await;
        assert_eq!(answer.status, "403 Forbidden");
        assert_eq!(
            answer.remark.as_deref(),
            Some("Ferrule says: The instance is disabled.")
        );
    }
}
