//! Answers that a client may keep and ask about (RFC 9110 sections 8.8.3 and 13.1.2).

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use ferrule_model::Digest;
use serde::Serialize;

use crate::errors::ApiError;

/// May be kept, and is asked about before it is used again.
const ASK_FIRST: &str = "private, no-cache";

/// The value as JSON under a tag made of its bytes, or 304 where the request knows that tag.
pub(crate) fn json(request: &HeaderMap, value: &impl Serialize) -> Result<Response, ApiError> {
    let body =
        serde_json::to_vec(value).map_err(|_| ferrule_wire::Refusal::internal("an answer is no JSON"))?;
    let hex = Digest::of(&body).to_hex();
    let tag = format!("\"{}\"", hex.get(..32).unwrap_or(&hex));
    let known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let headers = [(ETAG, tag.as_str()), (CACHE_CONTROL, ASK_FIRST)];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, [(CONTENT_TYPE, "application/json")], body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_tag_is_answered_with_its_name_alone() {
        let first = json(&HeaderMap::new(), &[1]).unwrap();
        let tag = first.headers()[ETAG].clone();
        let text = tag.to_str().unwrap();
        for (sent, status) in [
            (text.to_owned(), 304),
            (format!("\"x\", W/{text}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
        ] {
            let mut request = HeaderMap::new();
            request.insert(IF_NONE_MATCH, sent.parse().unwrap());
            assert_eq!(json(&request, &[1]).unwrap().status(), status, "{sent}");
            assert_eq!(json(&request, &[1]).unwrap().headers()[ETAG], tag);
        }
        assert_ne!(json(&HeaderMap::new(), &[2]).unwrap().headers()[ETAG], tag);
    }
}
