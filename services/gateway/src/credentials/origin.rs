//! Where a vendor's API is: the part of an address that no call moves.

use axum::body::Bytes;
use axum::http::Uri;
use axum::http::uri::{Authority, PathAndQuery, Scheme};

/// A base URL, taken apart once.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    scheme: Scheme,
    authority: Authority,
    /// The base URL's own path, without a slash at the end.
    path: String,
}

impl Origin {
    /// From a base URL; `None` when it is none.
    pub(crate) fn parse(base_url: &str) -> Option<Self> {
        let parts = base_url.parse::<Uri>().ok()?.into_parts();
        let path = parts.path_and_query.as_ref().map_or("", |path| path.path());
        Some(Self {
            scheme: parts.scheme?,
            authority: parts.authority?,
            path: path.trim_end_matches('/').to_owned(),
        })
    }

    /// The host, with its port.
    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The address of a path below the base URL. Scheme and host are taken from there and never from the text;
    /// `None` when the text is not a path and query as a whole.
    pub(crate) fn address(&self, path: &str, query: Option<&str>) -> Option<Uri> {
        let mut text =
            String::with_capacity(self.path.len() + path.len() + query.map_or(0, |query| query.len() + 1));
        text.push_str(&self.path);
        text.push_str(path);
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        let target = PathAndQuery::from_maybe_shared(Bytes::from(text)).ok()?;
        if target.path().len() != self.path.len() + path.len() || target.query() != query {
            return None;
        }
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target)
            .build()
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_and_queries_stay_byte_for_byte() {
        let origin = Origin::parse("https://api.example:8443/v2").unwrap();
        for (path, query, want) in [
            ("/", None, "/v2/"),
            ("/a%2Fb/", Some("q=%20+&&x"), "/v2/a%2Fb/?q=%20+&&x"),
            ("/a", Some(""), "/v2/a?"),
            ("/a", Some("u=http://b@c/?d"), "/v2/a?u=http://b@c/?d"),
            ("//x@y", None, "/v2//x@y"),
        ] {
            let address = origin.address(path, query).unwrap();
            assert_eq!(address.to_string(), format!("https://api.example:8443{want}"));
        }
    }

    #[test]
    fn a_text_that_is_more_than_it_says_is_refused() {
        let origin = Origin::parse("https://api.example").unwrap();
        for (path, query) in [
            ("/a?b", None),
            ("/a#b", None),
            ("/a b", None),
            ("/a\r\nb", None),
            ("/a", Some("b#c")),
        ] {
            assert_eq!(origin.address(path, query), None, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn security_33_no_path_or_query_names_another_host(path in "/.{0,30}", query in proptest::option::of(".{0,30}")) {
            let origin = Origin::parse("https://api.example/v2").unwrap();
            if let Some(address) = origin.address(&path, query.as_deref()) {
                let text = address.to_string();
                let again: Uri = text.parse().unwrap();
                prop_assert_eq!(again.authority().unwrap().as_str(), "api.example");
                prop_assert!(text.starts_with("https://api.example/v2/"));
                prop_assert_eq!(address.path(), format!("/v2{path}"));
            }
        }
    }
}
