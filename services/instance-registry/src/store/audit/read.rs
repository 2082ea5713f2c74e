//! Reading an instance's audit, newest first, a page at a time.

use ferrule_model::{InstanceId, OrganizationId, UserId};
use jiff::Timestamp;
use sqlx::any::AnyRow;

use super::super::row::Columns;
use super::super::{Store, StoreError};
use super::{AuditEvent, By};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// What.
    pub event: AuditEvent,
    /// When, by the clock of the process that did it.
    pub at: Timestamp,
    /// Who did it.
    pub by: By,
    /// Why.
    pub reason: Option<String>,
    /// The names of what was changed.
    pub changed: Vec<String>,
}

/// A place in the list: right after one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    /// When that entry's event was.
    pub at: Timestamp,
    /// Which event that was.
    pub event: AuditEvent,
    /// Whose; 0: Ferrule's.
    pub user: i64,
}

/// One page of an instance's audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPage {
    /// At most as many entries as asked for, newest first.
    pub rows: Vec<AuditRow>,
    /// How many there are on all pages.
    pub total: i64,
    /// Where the next page begins; `None`: this is the last.
    pub next: Option<AuditCursor>,
}

impl AuditCursor {
    /// The cursor that this text stands for. `None`: it is no event's name.
    pub fn new(at: Timestamp, event: &str, user: i64) -> Option<Self> {
        let event = AuditEvent::from_text(event)?;
        Some(Self { at, event, user })
    }
}

impl Store {
    /// One page of the audit of an organization's instance, also of one that is deleted or erased. `None`: it never
    /// had such an instance.
    pub async fn audit_of(
        &self,
        organization: OrganizationId,
        instance: InstanceId,
        page_size: u32,
        after: Option<AuditCursor>,
    ) -> Result<Option<AuditPage>, StoreError> {
        let counted = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM audit WHERE instance_id = instances.id) AS total
             FROM instances WHERE id = $1 AND organization_id = $2",
        )
        .bind(instance.0)
        .bind(organization.0)
        .fetch_optional(&self.reads)
        .await?;
        let Some(counted) = counted else { return Ok(None) };
        let total = Columns::new("audit", &counted).get("total")?;

        let (at, event, user) = match &after {
            Some(after) => (after.at.as_microsecond(), after.event.as_str(), after.user),
            None => (i64::MAX, "", 0),
        };
        let rows = sqlx::query(
            "SELECT happened_at, event, user_id, request_id, reason, changed FROM audit
             WHERE instance_id = $1 AND (happened_at, event, user_id) < ($2, $3, $4)
             ORDER BY happened_at DESC, event DESC, user_id DESC LIMIT $5",
        )
        .bind(instance.0)
        .bind(at)
        .bind(event)
        .bind(user)
        // One more than asked for tells whether there is a next page.
        .bind(i64::from(page_size) + 1)
        .fetch_all(&self.reads)
        .await?;
        let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;

        let asked = usize::try_from(page_size).unwrap_or(usize::MAX);
        let more = rows.len() > asked;
        rows.truncate(asked);
        let next = rows.last().filter(|_| more).map(|row| AuditCursor {
            at: row.at,
            event: row.event,
            user: row.by.user.map_or(0, |user| user.0),
        });
        Ok(Some(AuditPage { rows, total, next }))
    }
}

fn read(row: &AnyRow) -> Result<AuditRow, StoreError> {
    let columns = Columns::new("audit", row);
    let event = AuditEvent::from_text(columns.get("event")?);
    Ok(AuditRow {
        event: event.ok_or_else(|| columns.bad("event", "is no known event"))?,
        at: columns.time("happened_at")?,
        by: By {
            user: Some(columns.get("user_id")?)
                .filter(|user| *user != 0)
                .map(UserId),
            request_id: columns.get("request_id")?,
        },
        reason: columns.get("reason")?,
        changed: columns.json("changed")?,
    })
}
