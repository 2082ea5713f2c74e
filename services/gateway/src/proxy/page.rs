//! A page of a resource: `pageSize` and `nextPage` as the vendor asks for them (contract, "Paging, filtering").

use std::borrow::Cow;

use axum::http::Uri;
use axum::http::header::ACCEPT_ENCODING;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_catalog::{Connector, Paging, PagingStyle, Resource};
use ferrule_model::Digest;

use crate::errors::ApiError;

/// A list that a token belongs to, as a few bytes of a digest.
type List = [u8; 8];

/// What a caller asks of a resource that has pages.
pub(super) struct Page<'r> {
    pub(super) resource: &'r Resource,
    pub(super) paging: &'r Paging,
    /// How many items it asks for.
    pub(super) size: u32,
    /// Whether it asked for more than the vendor gives.
    pub(super) clamped: bool,
    /// Where it begins, in the style's own terms; absent: at the beginning.
    pub(super) position: Option<String>,
    list: List,
}

impl<'r> Page<'r> {
    /// Takes the page out of a call, whose query becomes the vendor's. Absent where the resource has no pages or the
    /// caller does not ask for one: then nothing changes.
    pub(super) fn take(
        connector: &Connector,
        resource: &'r Resource,
        vendor_path: &str,
        parts: &mut Parts,
    ) -> Result<Option<Self>, ApiError> {
        let Some(paging) = &resource.paging else {
            return Ok(None);
        };
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let (size, token) = (value(&query, "pageSize"), value(&query, "nextPage"));
        if size.is_none() && token.is_none() {
            return Ok(None);
        }
        let list = list(connector, vendor_path);
        let asked = size.map(|text| size_of(&text)).transpose()?;
        let mut page = Self {
            resource,
            paging,
            size: asked.unwrap_or(paging.max_size).min(paging.max_size),
            clamped: asked.is_some_and(|asked| asked > paging.max_size),
            position: None,
            list,
        };
        if let Some(token) = token {
            let counted = matches!(
                paging.style,
                PagingStyle::Offset { .. } | PagingStyle::Page { .. }
            );
            let (size, position) = open(&token, list)
                .filter(|(_, position)| !counted || position.parse::<u64>().is_ok())
                .ok_or_else(bad_token)?;
            // A walk keeps the size that it began with: pages are counted in it.
            page.size = size;
            page.position = Some(position);
        }
        parts.uri = page.uri(&query).ok_or_else(bad_token)?;
        // The answer is read here.
        parts.headers.remove(ACCEPT_ENCODING);
        Ok(Some(page))
    }

    /// What the caller sends to get the page at `position`.
    pub(super) fn token(&self, position: &str) -> String {
        let text = format!("{} {position}", self.size);
        URL_SAFE_NO_PAD.encode([&self.list[..], text.as_bytes()].concat())
    }

    /// How many items lie before the page, or its number: what counted styles begin from.
    pub(super) fn number(&self, first: u64) -> u64 {
        let position = self.position.as_ref();
        position.and_then(|text| text.parse().ok()).unwrap_or(first)
    }

    /// The caller's query as it came, but for what names the page.
    fn uri(&self, query: &str) -> Option<Uri> {
        let (name, position) = match (&self.paging.style, &self.position) {
            (PagingStyle::Link { .. }, Some(query)) => return format!("/?{query}").parse().ok(),
            (PagingStyle::Link { .. }, None) => (None, None),
            (
                PagingStyle::Cursor { position, .. }
                | PagingStyle::Offset { position, .. }
                | PagingStyle::Page { position, .. },
                at,
            ) => (Some(position.as_str()), at.as_deref()),
        };
        let size = self.paging.size.as_deref();
        let ours = |name_of: &str| {
            ["pageSize", "nextPage"].contains(&name_of) || Some(name_of) == size || Some(name_of) == name
        };
        let theirs = query
            .split('&')
            .filter(|pair| !pair.is_empty() && !ours(&name_in(pair)));
        let mut pairs: Vec<String> = theirs.map(str::to_owned).collect();
        let mut add = |name: &str, value: &str| {
            let mut pair = form_urlencoded::Serializer::new(String::new());
            pairs.push(pair.append_pair(name, value).finish());
        };
        if let Some(size) = size {
            add(size, &self.size.to_string());
        }
        if let (Some(name), Some(position)) = (name, position) {
            add(name, position);
        }
        format!("/?{}", pairs.join("&")).parse().ok()
    }
}

fn list(connector: &Connector, vendor_path: &str) -> List {
    let digest = Digest::builder("page")
        .field(connector.key.as_str())
        .field(vendor_path)
        .finish();
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Size and position, where the token is one of this list.
fn open(token: &str, list: List) -> Option<(u32, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let text = std::str::from_utf8(bytes.strip_prefix(&list[..])?).ok()?;
    let (size, position) = text.split_once(' ')?;
    Some((size.parse().ok().filter(|size| *size > 0)?, position.to_owned()))
}

fn bad_token() -> ApiError {
    ApiError::bad_request(
        "`nextPage` is no token of this list: send what Elements-Next-Page-Token held for the same path.",
    )
}

fn size_of(text: &str) -> Result<u32, ApiError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit are a large number all the same.
    match text.parse().unwrap_or(if digits { u32::MAX } else { 0 }) {
        0 => Err(ApiError::bad_request("`pageSize` is no whole number above zero.")),
        size => Ok(size),
    }
}

/// The first value of this name; an empty one is absent.
fn value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value.into_owned())
}

fn name_in(pair: &str) -> Cow<'_, str> {
    form_urlencoded::parse(pair.as_bytes())
        .next()
        .map_or(Cow::Borrowed(""), |(name, _)| name)
}
