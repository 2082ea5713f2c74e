//! Forms are taken from our own pages alone: what another site sends along changes nothing.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::pages::Problem;
use crate::state::Gateway;

/// Around every page.
pub(crate) async fn layer(State(gateway): State<Gateway>, request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_ours(request.headers(), &gateway.settings().public_url) {
        return next.run(request).await;
    }
    Problem::new(
        StatusCode::FORBIDDEN,
        "This did not come from Ferrule",
        "The request came from another site's page, so nothing was done. Open the page here and try again.",
    )
    .into_response()
}

/// What the browser says of where a request began: `Sec-Fetch-Site` (W3C Fetch Metadata), or, where it sends none,
/// `Origin` (RFC 6454). One that says neither is no browser of these years, and is refused.
fn is_ours(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &header::HeaderValue| value.to_str().ok())
    };
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text("origin").is_some_and(|origin| is_origin_of(origin, public_url)),
    }
}

fn is_origin_of(origin: &str, url: &str) -> bool {
    url.strip_prefix(origin)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_anything() {
        for (site, origin, ours) in [
            (Some("same-origin"), None, true),
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some("https://f.example"), false),
            (Some("cross-site"), Some("https://f.example"), false),
            (Some("none"), None, false),
            (None, Some("https://f.example"), true),
            (None, Some("https://f.example.evil"), false),
            (None, Some("https://f.exam"), false),
            (None, Some("http://f.example"), false),
            (None, Some("null"), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", site.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert("origin", origin.parse().unwrap());
            }
            assert_eq!(
                is_ours(&headers, "https://f.example"),
                ours,
                "{site:?} {origin:?}"
            );
        }
        assert!(is_origin_of("https://f.example", "https://f.example/below"));
    }
}
