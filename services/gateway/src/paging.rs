//! Pages of a list (contract, "Paging, filtering").

use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::errors::ApiError;
use crate::query::Query;

const MAX_SIZE: usize = 200;

/// Which page a query asks for.
#[derive(Debug)]
pub(crate) struct Page {
    size: usize,
    clamped: bool,
    /// 1-based, from `page`.
    number: Option<usize>,
    /// What `nextPage` carries, opened.
    token: Option<String>,
}

impl Page {
    /// Reads `pageSize` (200 when absent, never more), `page` and `nextPage`.
    pub(crate) fn from_query(query: &Query) -> Result<Self, ApiError> {
        let number = |name: &str| -> Result<Option<usize>, ApiError> {
            let Some(text) = query.get(name) else {
                return Ok(None);
            };
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            // More digits than fit are a large number all the same.
            match text.parse().unwrap_or(if digits { usize::MAX } else { 0 }) {
                0 => Err(ApiError::bad_request(format!(
                    "`{name}` is no whole number above zero."
                ))),
                number => Ok(Some(number)),
            }
        };
        let asked = number("pageSize")?.unwrap_or(MAX_SIZE);
        let token = query.get("nextPage").map(open_token).transpose()?;
        Ok(Self {
            size: asked.min(MAX_SIZE),
            clamped: asked > MAX_SIZE,
            number: number("page")?,
            token,
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// The store's own token; empty: the first page.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// How many items lie before the page, for lists that are counted through.
    pub(crate) fn offset(&self) -> Result<usize, ApiError> {
        match (&self.token, self.number) {
            (Some(token), _) => token.parse().map_err(|_| bad_token()),
            (None, Some(number)) => Ok((number - 1).saturating_mul(self.size)),
            (None, None) => Ok(0),
        }
    }

    /// The answer with its counts, the next page's token, and a word when the size was clamped.
    pub(crate) fn answer(
        &self,
        returned: usize,
        total: i64,
        next: Option<&str>,
        body: impl IntoResponse,
    ) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("elements-returned-count", HeaderValue::from(returned));
        headers.insert("elements-total-count", HeaderValue::from(total));
        if let Some(Ok(token)) = next.map(|next| HeaderValue::from_str(&URL_SAFE_NO_PAD.encode(next))) {
            headers.insert("elements-next-page-token", token);
        }
        if self.clamped {
            headers.insert(
                "elements-error",
                HeaderValue::from_static("pageSize is at most 200; it was set to 200."),
            );
        }
        (headers, body).into_response()
    }
}

fn open_token(token: &str) -> Result<String, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| bad_token())?;
    String::from_utf8(bytes).map_err(|_| bad_token())
}

fn bad_token() -> ApiError {
    ApiError::bad_request("`nextPage` is no token of ours: send what Elements-Next-Page-Token held.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Page, ApiError> {
        Page::from_query(&Query::parse(query).unwrap())
    }

    #[test]
    fn sizes_are_clamped_with_a_word() {
        let answer = page("pageSize=500").unwrap().answer(0, 0, None, ());
        assert!(answer.headers().contains_key("elements-error"));
        assert_eq!(page("pageSize=500").unwrap().size(), 200);
        assert_eq!(page(&format!("pageSize={}", "9".repeat(40))).unwrap().size(), 200);
        assert_eq!(page("pageSize=").unwrap().size(), 200);
        assert!(
            !page("pageSize=200")
                .unwrap()
                .answer(0, 0, None, ())
                .headers()
                .contains_key("elements-error")
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for query in [
            "pageSize=0",
            "pageSize=-1",
            "pageSize=x",
            "page=0",
            "nextPage=%21",
            "page=1.5",
        ] {
            assert!(page(query).is_err(), "{query}");
        }
        assert!(page("nextPage=aGVsbG8").unwrap().offset().is_err());
    }

    #[test]
    fn tokens_read_back() {
        let answer = page("pageSize=2").unwrap().answer(2, 9, Some("2"), ());
        let token = answer.headers()["elements-next-page-token"].to_str().unwrap();
        assert_eq!(
            page(&format!("pageSize=2&nextPage={token}"))
                .unwrap()
                .offset()
                .unwrap(),
            2
        );
        assert_eq!(page("pageSize=3&page=4").unwrap().offset().unwrap(), 9);
    }
}
