//! What happened to one instance, newest first; for its organization also after its deletion.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::InstanceId;
use ferrule_wire::{Refusal, v1};
use jiff::Timestamp;

use crate::errors::{instance_unknown, invalid};
use crate::get_instance::find;
use crate::identify::{Caller, authenticate};
use crate::list_instances::page_size;
use crate::state::Registry;
use crate::store::{AuditCursor, AuditRow};

pub(crate) async fn read_audit(
    registry: Registry,
    request: v1::ReadAuditRequest,
) -> Result<v1::ReadAuditResponse, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    let id = in_reach(&registry, &caller, request.id).await?;
    let after = read_page_token(&request.page_token)?;
    let page = registry
        .store
        .audit_of(caller.organization, id, page_size(request.page_size), after)
        .await?
        .ok_or_else(|| instance_unknown(id))?;
    Ok(v1::ReadAuditResponse {
        entries: page.rows.into_iter().map(entry).collect(),
        next_page_token: page.next.as_ref().map(page_token).unwrap_or_default(),
        total: page.total,
    })
}

/// With the organization's secret, any id that it ever had; else the Element token's own.
async fn in_reach(registry: &Registry, caller: &Caller, id: Option<i64>) -> Result<InstanceId, Refusal> {
    match id {
        Some(id) if !caller.is_bound_to_its_instance() => Ok(InstanceId(id)),
        id => Ok(find(registry, caller, id, "").await?.id),
    }
}

fn entry(row: AuditRow) -> v1::AuditEntry {
    v1::AuditEntry {
        event: row.event.as_str().to_owned(),
        at: row.at.as_microsecond(),
        user_id: row.by.user.map(|user| user.0),
        request_id: row.by.request_id.unwrap_or_default(),
        reason: row.reason.unwrap_or_default(),
        changed: row.changed,
    }
}

fn page_token(cursor: &AuditCursor) -> String {
    let text = format!(
        "{},{},{}",
        cursor.at.as_microsecond(),
        cursor.event.as_str(),
        cursor.user
    );
    URL_SAFE_NO_PAD.encode(text)
}

fn read_page_token(token: &str) -> Result<Option<AuditCursor>, Refusal> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let mut parts = text.splitn(3, ',');
        let (at, event, user) = (parts.next()?, parts.next()?, parts.next()?);
        AuditCursor::new(
            Timestamp::from_microsecond(at.parse().ok()?).ok()?,
            event,
            user.parse().ok()?,
        )
    };
    read()
        .map(Some)
        .ok_or_else(|| invalid("nextPage is no page token: send the one that the last answer had."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::AuditEvent;

    #[test]
    fn a_page_token_reads_back() {
        let cursor = AuditCursor {
            at: Timestamp::from_microsecond(1_700_000_000_000_001).unwrap(),
            event: AuditEvent::SecretShown,
            user: 7,
        };
        assert_eq!(read_page_token(&page_token(&cursor)).unwrap(), Some(cursor));
        assert_eq!(read_page_token("").unwrap(), None);
        for junk in [
            "x",
            "!!",
            &URL_SAFE_NO_PAD.encode("1,created"),
            &URL_SAFE_NO_PAD.encode("1,x,1"),
        ] {
            assert!(read_page_token(junk).is_err(), "{junk}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_page_token_says_is_read_or_refused(text in ".*", micros: i64, user: i64) {
            let _ = read_page_token(&text);
            let _ = read_page_token(&URL_SAFE_NO_PAD.encode(format!("{micros},created,{user}")));
            let _ = read_page_token(&URL_SAFE_NO_PAD.encode(text));
        }
    }
}
