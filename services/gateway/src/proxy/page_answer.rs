//! The answer that a page came in: passed on as it is, with how many items it holds and what follows.

use axum::BoxError;
use axum::body::{Body, Bytes};
use axum::http::header::LINK;
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use ferrule_catalog::{AnswerPath, PagingStyle, Step};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;

use super::head;
use super::page::Page;
use crate::errors::ApiError;

/// The largest answer that is read for its items.
const LARGEST: usize = 8 * 1024 * 1024;

/// Reads a page and gives it to the caller, byte for byte.
pub(super) async fn pass<B>(page: &Page<'_>, answer: Parts, body: B) -> Result<Response, ApiError>
where
    B: hyper::body::Body<Data = Bytes, Error = BoxError> + Unpin,
{
    let text = Limited::new(body, LARGEST)
        .collect()
        .await
        .map_err(|error| refusal(&error))?
        .to_bytes();
    let mut headers = head::to_caller(answer.headers);
    let mut words = None;
    if page.clamped {
        let most = page.paging.max_size;
        words = Some(format!("pageSize is at most {most} here; it was set to {most}."));
    }
    let value = serde_json::from_slice::<Value>(&text).unwrap_or_default();
    match items(page, &value) {
        Some(count) => {
            headers.insert("elements-returned-count", HeaderValue::from(count));
            let next = next(page, &headers, &value, count).map(|position| page.token(&position));
            if let Some(Ok(token)) = next.map(HeaderValue::try_from) {
                headers.insert("elements-next-page-token", token);
            }
        }
        None => words = Some("The answer holds no list where its connector's file says.".to_owned()),
    }
    if let Some(Ok(words)) = words.map(HeaderValue::try_from) {
        headers.insert("elements-error", words);
    }
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn refusal(error: &BoxError) -> ApiError {
    let words = if error.is::<LengthLimitError>() {
        format!(
            "The vendor's page is larger than {} MiB. Ask for a smaller pageSize, or leave pageSize and nextPage out.",
            LARGEST >> 20
        )
    } else {
        "The vendor's answer broke off.".to_owned()
    };
    ApiError::new(StatusCode::BAD_GATEWAY, words)
}

/// How many items an answer holds; `None` where it has no list.
fn items(page: &Page<'_>, answer: &Value) -> Option<usize> {
    let list = match &page.resource.items {
        Some(path) => find(answer, path)?,
        None => answer,
    };
    list.as_array().map(Vec::len)
}

/// Where the next page begins; `None` after the last one.
fn next(page: &Page<'_>, headers: &HeaderMap, answer: &Value, count: usize) -> Option<String> {
    let says_more = |more: &Option<AnswerPath>| {
        more.as_ref()
            .map(|more| find(answer, more).and_then(Value::as_bool).unwrap_or_default())
    };
    // Where the vendor does not say, a full page is followed by another, be it an empty one.
    let is_full = count > 0
        && (page.paging.size.is_none() || u32::try_from(count).is_ok_and(|count| count >= page.size));
    let follows = |more| count > 0 && says_more(more).unwrap_or(is_full);
    let next = match &page.paging.style {
        PagingStyle::Link { next: Some(next) } => query_of(find(answer, next)?.as_str()?)?.to_owned(),
        PagingStyle::Link { next: None } => linked(headers)?,
        PagingStyle::Cursor { more, .. } if says_more(more) == Some(false) => return None,
        PagingStyle::Cursor { next, .. } => match find(answer, next)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        },
        PagingStyle::Offset { more, .. } if follows(more) => {
            let count = u64::try_from(count).ok()?;
            page.number(0).checked_add(count)?.to_string()
        }
        PagingStyle::Page { first, more, .. } if follows(more) => {
            page.number(u64::from(*first)).checked_add(1)?.to_string()
        }
        PagingStyle::Offset { .. } | PagingStyle::Page { .. } => return None,
    };
    // Whoever comes back to the same place never ends.
    Some(next).filter(|next| !next.is_empty() && page.position.as_ref() != Some(next))
}

fn find<'v>(answer: &'v Value, path: &AnswerPath) -> Option<&'v Value> {
    path.steps().iter().try_fold(answer, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Last => value.as_array()?.last(),
    })
}

/// The query of the link with `rel="next"` (RFC 8288).
fn linked(headers: &HeaderMap) -> Option<String> {
    let links = headers
        .get_all(LINK)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut links = links.flat_map(|value| value.split('<').skip(1));
    links.find_map(|link| {
        let (address, parameters) = link.split_once('>')?;
        let is_next = parameters.split(';').any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            let value = value.trim().trim_end_matches(',').trim_end().trim_matches('"');
            name.trim().eq_ignore_ascii_case("rel")
                && value.split(' ').any(|word| word.eq_ignore_ascii_case("next"))
        });
        is_next.then(|| query_of(address).map(str::to_owned))?
    })
}

/// What an address asks for. Where it leads does not matter: the next page is asked for at the same path.
fn query_of(address: &str) -> Option<&str> {
    let (_, query) = address.split_once('?')?;
    query.split('#').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        for (header, want) in [
            (
                r#"<https://x.example/a?page=2&n=1>; rel="next""#,
                Some("page=2&n=1"),
            ),
            (
                r#"<https://x.example/a?page=1>; rel="prev", <https://x.example/a?page=3>; rel="next""#,
                Some("page=3"),
            ),
            (
                r#"</a?page=3#x>; title="a, b"; rel="last next", </a?page=9>; rel=first"#,
                Some("page=3"),
            ),
            ("</a?page=3>; REL=next", Some("page=3")),
            (r#"</a?page=9>; rel="last""#, None),
            (r#"</a>; rel="next""#, None),
            ("nonsense", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, header.parse().unwrap());
            assert_eq!(linked(&headers).as_deref(), want, "{header}");
        }
    }
}
