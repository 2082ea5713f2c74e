//! URLs and headers longer than any client of ours needs are refused before anything reads them.

use axum::http::{HeaderMap, Request, StatusCode};

use crate::errors::ApiError;

/// Path and query together.
const MAX_URL: usize = 16 * 1024;

/// All header names and values together.
const MAX_HEADERS: usize = 32 * 1024;

/// Whether URL and headers are short enough.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), ApiError> {
    let url = request.uri().path_and_query().map_or(0, |url| url.as_str().len());
    if url > MAX_URL {
        let message = format!("The URL is longer than {MAX_URL} bytes.");
        return Err(ApiError::new(StatusCode::URI_TOO_LONG, message));
    }
    if length(request.headers()) > MAX_HEADERS {
        let message = format!("The headers are longer than {MAX_HEADERS} bytes.");
        return Err(ApiError::new(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            message,
        ));
    }
    Ok(())
}

fn length(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}
