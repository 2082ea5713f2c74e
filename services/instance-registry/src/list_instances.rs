//! An organization's instances, a page at a time.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::{InstanceId, strip_markup};
use ferrule_wire::{Refusal, v1};
use jiff::Timestamp;

use crate::errors::invalid;
use crate::identify::authenticate;
use crate::instance_reply::replies;
use crate::state::Registry;
use crate::store::{Cursor, Filter};

/// The most instances on a page, and as many as there are when no size is asked for.
const LARGEST_PAGE: u32 = 200;

pub(crate) async fn list_instances(
    registry: Registry,
    request: v1::ListInstancesRequest,
) -> Result<v1::ListInstancesResponse, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("list instances")?;
    let connector = registry.optional_connector(&request.element)?;
    let filter = Filter {
        // Tags are stored without markup, and so they are looked for.
        tags: request.tags.iter().map(|tag| strip_markup(tag)).collect(),
        element_key: connector.map(|connector| connector.key.clone()),
        search: Some(request.search).filter(|search| !search.is_empty()),
    };
    let after = read_page_token(&request.page_token)?;
    let page = registry
        .store
        .list(caller.organization, &filter, page_size(request.page_size), after)
        .await?;
    Ok(v1::ListInstancesResponse {
        instances: replies(&registry, &caller, &page.rows).await?,
        next_page_token: page.next.map(page_token).unwrap_or_default(),
        total: page.total,
    })
}

pub(crate) fn page_size(asked: i32) -> u32 {
    match u32::try_from(asked) {
        Ok(0) => LARGEST_PAGE,
        Ok(size) => size.min(LARGEST_PAGE),
        Err(_) => 1,
    }
}

fn page_token(cursor: Cursor) -> String {
    URL_SAFE_NO_PAD.encode(format!("{},{}", cursor.created_at.as_microsecond(), cursor.id))
}

fn read_page_token(token: &str) -> Result<Option<Cursor>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (created_at, id) = text.split_once(',')?;
        Some(Cursor {
            created_at: Timestamp::from_microsecond(created_at.parse().ok()?).ok()?,
            id: InstanceId(id.parse().ok()?),
        })
    };
    read()
        .map(Some)
        .ok_or_else(|| invalid("nextPage is no page token: send the one that the last answer had."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn page_sizes_are_clamped() {
        for (asked, size) in [(0, 200), (1, 1), (200, 200), (201, 200), (i32::MAX, 200), (-1, 1)] {
            assert_eq!(page_size(asked), size);
        }
    }

    #[test]
    fn a_page_token_reads_back_and_junk_is_refused() {
        let cursor = Cursor {
            created_at: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap(),
            id: InstanceId(100_001),
        };
        assert_eq!(read_page_token(&page_token(cursor)).unwrap(), Some(cursor));
        assert_eq!(read_page_token("").unwrap(), None);
        let huge = URL_SAFE_NO_PAD.encode(format!("{},1", i64::MAX));
        for junk in ["x", "!!", &URL_SAFE_NO_PAD.encode("1;2"), &huge] {
            assert!(read_page_token(junk).is_err(), "{junk}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_page_token_says_is_read_or_refused(text in ".*", micros: i64, id: i64) {
            let _ = read_page_token(&text);
            let _ = read_page_token(&URL_SAFE_NO_PAD.encode(format!("{micros},{id}")));
            let _ = read_page_token(&URL_SAFE_NO_PAD.encode(text));
        }
    }
}
