//! A form-encoded body, which is signed with its call and so has to be at hand before the call leaves
//! (RFC 5849 section 3.4.1.3.1). No other body is signed, and none is held.

use axum::BoxError;
use axum::body::Bytes;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;

use super::request_body::{COPIED, Copy, RequestBody};
use crate::errors::ApiError;

/// Whether the headers say that the body is a form, as it stands.
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next();
    let is_form = essence
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/x-www-form-urlencoded");
    is_form && !headers.contains_key(CONTENT_ENCODING)
}

/// The whole body. One that is too large is refused: its call could not be signed.
pub(super) async fn collect<B>(body: B) -> Result<Bytes, ApiError>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    let copy = Copy::default();
    let passing = RequestBody::new(body, copy.clone());
    match Limited::new(passing, COPIED).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let words = format!(
                "A form of more than {} KiB cannot be signed. Send less, or another content type.",
                COPIED / 1024
            );
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, words))
        }
        Err(_) if copy.stalled() => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "The body stood still for too long.",
        )),
        Err(_) => Err(ApiError::bad_request("The body broke off or is malformed.")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;
    use http_body_util::Full;

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_form_is_what_says_so_and_is_not_packed() {
        for (pairs, want) in [
            (&[("content-type", "application/x-www-form-urlencoded")][..], true),
            (
                &[(
                    "content-type",
                    "Application/X-WWW-Form-URLencoded ; charset=utf-8",
                )],
                true,
            ),
            (&[("content-type", "application/json")], false),
            (&[("content-type", "multipart/form-data; boundary=x")], false),
            (&[], false),
            (
                &[
                    ("content-type", "application/x-www-form-urlencoded"),
                    ("content-encoding", "gzip"),
                ],
                false,
            ),
        ] {
            assert_eq!(is_form(&headers(pairs)), want, "{pairs:?}");
        }
    }

    #[tokio::test]
    async fn a_form_that_cannot_be_signed_is_refused() {
        for (length, fits) in [(0, true), (COPIED, true), (COPIED + 1, false)] {
            let body = Full::new(Bytes::from(vec![b'a'; length]));
            let collected = collect(body).await;
            assert_eq!(collected.map(|form| form.len()).ok(), fits.then_some(length));
        }
    }
}
