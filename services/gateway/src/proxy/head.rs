//! Which headers pass, on the way out and on the way back.

use axum::http::header::CONNECTION;
use axum::http::{HeaderMap, HeaderName};

use crate::credentials::Credential;

/// What a call always has beside the caller's and the connector's headers, less what the caller always has and that
/// stays here: `Authorization`, `Host`, `User-Agent`.
const OWN: usize = 1;

/// How many headers of Ferrule's own an answer has: see `crate::headers::api`, and the two ids.
const OWN_OF_ANSWERS: usize = 4;

/// The headers of a call as the vendor gets them: the caller's own, over which the connector's win.
pub(crate) fn to_vendor(headers: &HeaderMap, credential: &Credential) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(headers.len() + credential.headers().len() + OWN);
    keep(headers, &mut kept, |name| !stays_here(name));
    for (name, value) in credential.headers() {
        kept.insert(name.clone(), value.clone());
    }
    kept
}

/// The headers of an answer as the caller gets them.
pub(crate) fn to_caller(mut headers: HeaderMap) -> HeaderMap {
    let passes = |name: &str| !speaks_of_the_vendors_host(name);
    // Most answers pass as they are.
    let is_clean = |name: &HeaderName| passes(name.as_str()) && !of_one_connection(name.as_str());
    if headers.keys().all(is_clean) {
        // Ferrule's own come to them.
        headers.reserve(OWN_OF_ANSWERS);
        return headers;
    }
    let mut kept = HeaderMap::with_capacity(headers.len() + OWN_OF_ANSWERS);
    keep(&headers, &mut kept, passes);
    kept
}

/// What is neither of one connection (RFC 9110 section 7.6.1) nor filtered out.
fn keep(headers: &HeaderMap, kept: &mut HeaderMap, passes: impl Fn(&str) -> bool) {
    let listed: Vec<&str> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let is_listed = |name: &HeaderName| {
        listed
            .iter()
            .any(|listed| name.as_str().eq_ignore_ascii_case(listed))
    };
    for (name, value) in headers {
        if passes(name.as_str()) && !of_one_connection(name.as_str()) && !is_listed(name) {
            kept.append(name, value.clone());
        }
    }
}

fn of_one_connection(name: &str) -> bool {
    let known = matches!(
        name,
        "connection" | "keep-alive" | "te" | "trailer" | "transfer-encoding" | "upgrade" | "http2-settings"
    );
    known || name.starts_with("proxy-")
}

/// Of a request: secrets between the caller and Ferrule, what Ferrule or the connection says itself, and who asked
/// from where.
fn stays_here(name: &str) -> bool {
    let known = matches!(
        name,
        "authorization"
            | "cookie"
            | "cookie2"
            | "host"
            | "content-length"
            | "expect"
            | "forwarded"
            | "x-real-ip"
            | "via"
            | "traceparent"
            | "tracestate"
            | "baggage"
    );
    known || name.starts_with("x-forwarded-") || name.starts_with("elements-")
}

/// Of an answer: what a browser would take for a word about Ferrule's own host, and what Ferrule says itself.
fn speaks_of_the_vendors_host(name: &str) -> bool {
    let known = matches!(
        name,
        "set-cookie"
            | "set-cookie2"
            | "strict-transport-security"
            | "public-key-pins"
            | "clear-site-data"
            | "alt-svc"
            | "nel"
            | "report-to"
            | "reporting-endpoints"
            | "content-security-policy"
            | "content-security-policy-report-only"
            | "x-frame-options"
            | "service-worker-allowed"
    );
    known || name.starts_with("access-control-") || name.starts_with("elements-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn security_37_what_a_caller_may_not_say_is_left_out() {
        let sent = headers(&[
            ("authorization", "User u, Element e"),
            ("cookie", "a=b"),
            ("host", "evil.example"),
            ("connection", "close, X-Secret , keep-alive"),
            ("x-secret", "s"),
            ("keep-alive", "timeout=5"),
            ("proxy-authorization", "Basic x"),
            ("proxy-connection", "close"),
            ("te", "trailers"),
            ("trailer", "x-t"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil.example"),
            ("x-real-ip", "1.2.3.4"),
            ("forwarded", "for=1.2.3.4"),
            ("elements-version", "Helium"),
            ("traceparent", "00-1-2-01"),
            ("expect", "100-continue"),
            ("accept", "text/csv"),
            ("if-none-match", "\"1\""),
            ("idempotency-key", "k"),
            ("x-own", "1"),
        ]);
        let mut kept = HeaderMap::new();
        keep(&sent, &mut kept, |name| !stays_here(name));
        assert_eq!(
            names(&kept),
            ["accept", "if-none-match", "idempotency-key", "x-own"]
        );
    }

    #[test]
    fn an_answer_keeps_what_is_the_callers() {
        let answered = headers(&[
            ("retry-after", "7"),
            ("x-ratelimit-remaining", "0"),
            ("location", "https://elsewhere.example/"),
            ("content-type", "text/csv"),
            ("content-length", "3"),
            ("link", "</a>; rel=next"),
            ("set-cookie", "a=b"),
            ("strict-transport-security", "max-age=1"),
            ("access-control-allow-origin", "https://app.example"),
            ("elements-element-instance-id", "1"),
            ("x-frame-options", "DENY"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("keep-alive", "timeout=5"),
        ]);
        assert_eq!(
            names(&to_caller(answered)),
            [
                "retry-after",
                "x-ratelimit-remaining",
                "location",
                "content-type",
                "content-length",
                "link"
            ]
        );
    }
}
