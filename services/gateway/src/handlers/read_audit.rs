//! `GET /instances/{id}/audit`, and `GET /instances/audit` by Element token: what happened to an instance, newest first.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use ferrule_wire::v1::{AuditEntry, ReadAuditRequest};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::errors::ApiError;
use crate::paging::Page;
use crate::query::Query;
use crate::state::Gateway;
use crate::target::Target;

pub(crate) async fn handler(
    State(gateway): State<Gateway>,
    target: Target,
    query: Query,
) -> Result<Response, ApiError> {
    let page = Page::from_query(&query)?;
    let request = ReadAuditRequest {
        credentials: Some(target.credentials),
        id: target.id,
        page_size: i32::try_from(page.size()).unwrap_or(i32::MAX),
        page_token: page.token().to_owned(),
    };
    let answer = gateway.registry().read_audit(request).await?.into_inner();
    let entries: Vec<Value> = answer.entries.iter().map(shown).collect();
    let next = Some(answer.next_page_token.as_str()).filter(|token| !token.is_empty());
    Ok(page.answer(entries.len(), answer.total, next, Json(entries)))
}

/// What is absent is left out: without a user it was Ferrule itself.
fn shown(entry: &AuditEntry) -> Value {
    let at = Timestamp::from_microsecond(entry.at).unwrap_or_default();
    let mut shown = json!({
        "event": entry.event,
        // Finer than elsewhere: what happens within a second has an order.
        "date": at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    });
    if let Some(user) = entry.user_id {
        shown["userId"] = json!(user);
    }
    for (name, text) in [("requestId", &entry.request_id), ("reason", &entry.reason)] {
        if !text.is_empty() {
            shown[name] = json!(text);
        }
    }
    if !entry.changed.is_empty() {
        shown["changed"] = json!(entry.changed);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_shows_what_it_has() {
        let system = AuditEntry {
            event: "refresh_failed".to_owned(),
            at: 1_562_945_392_123_456,
            reason: "TRANSIENT".to_owned(),
            ..AuditEntry::default()
        };
        assert_eq!(
            shown(&system),
            json!({"event": "refresh_failed", "date": "2019-07-12T15:29:52.123456Z", "reason": "TRANSIENT"})
        );
        let users = AuditEntry {
            event: "updated".to_owned(),
            user_id: Some(1),
            request_id: "9b26".to_owned(),
            changed: vec!["name".to_owned()],
            ..AuditEntry::default()
        };
        assert_eq!(
            shown(&users),
            json!({
                "event": "updated", "date": "1970-01-01T00:00:00.000000Z", "userId": 1, "requestId": "9b26",
                "changed": ["name"]
            })
        );
    }
}
