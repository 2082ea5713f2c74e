//! Listing an organization's instances, oldest first, a page at a time.

use ferrule_model::{ConnectorKey, InstanceId, OrganizationId};
use jiff::Timestamp;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe};

use super::super::dialect::storable;
use super::super::row::Columns;
use super::super::{Store, StoreError};
use super::{InstanceRow, fold, read, select_instances};

/// Which instances count. The default: all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Every one of these tags is on the instance.
    pub tags: Vec<String>,
    /// It is of this connector.
    pub element_key: Option<ConnectorKey>,
    /// Its name or its connector's key contains this, whatever the case.
    pub search: Option<String>,
}

/// A place in the list: right after one instance. It stays good when instances come and go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// When that instance was made.
    pub created_at: Timestamp,
    /// That instance's id.
    pub id: InstanceId,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most as many instances as asked for.
    pub rows: Vec<InstanceRow>,
    /// How many the filter lets through on all pages.
    pub total: i64,
    /// Where the next page begins; `None`: this is the last.
    pub next: Option<Cursor>,
}

impl Store {
    /// One page of an organization's instances.
    pub async fn list(
        &self,
        organization: OrganizationId,
        filter: &Filter,
        page_size: u32,
        after: Option<Cursor>,
    ) -> Result<Page, StoreError> {
        let matching = Conditions::of(organization, filter);
        let count = format!("SELECT COUNT(*) AS total FROM instances WHERE {}", matching.text);
        let counted = matching
            .bind(sqlx::query(AssertSqlSafe(count)))
            .fetch_one(&self.reads)
            .await?;
        let total = Columns::new("instances", &counted).get("total")?;

        let on_page = matching.after(after);
        let limit = on_page.values.len() + 1;
        let select = format!(
            select_instances!("WHERE {} ORDER BY created_at, id LIMIT ${}"),
            on_page.text, limit
        );
        let rows = on_page
            .bind(sqlx::query(AssertSqlSafe(select)))
            // One more than asked for tells whether there is a next page.
            .bind(i64::from(page_size) + 1)
            .fetch_all(&self.reads)
            .await?;
        let mut rows = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;

        let asked = usize::try_from(page_size).unwrap_or(usize::MAX);
        let more = rows.len() > asked;
        rows.truncate(asked);
        let next = rows.last().filter(|_| more).map(|row| Cursor {
            created_at: row.created_at,
            id: row.id,
        });
        Ok(Page { rows, total, next })
    }
}

/// Conditions joined by AND, and the values of their placeholders. The text holds nothing of the caller's.
struct Conditions {
    text: String,
    values: Vec<Value>,
}

enum Value {
    Number(i64),
    Text(String),
}

impl Conditions {
    fn of(organization: OrganizationId, filter: &Filter) -> Self {
        let mut conditions = Self {
            text: "deleted_at IS NULL".to_owned(),
            values: Vec::with_capacity(4 + filter.tags.len()),
        };
        let place = conditions.place(Value::Number(organization.0));
        conditions.and(&format!("organization_id = {place}"));
        if let Some(key) = &filter.element_key {
            let place = conditions.place(Value::Text(key.as_str().to_owned()));
            conditions.and(&format!("element_key = {place}"));
        }
        if let Some(search) = &filter.search {
            let place = conditions.place(Value::Text(containing(&fold(search))));
            conditions.and(&format!(
                "(name_folded LIKE {place} ESCAPE '!' OR element_key LIKE {place} ESCAPE '!')"
            ));
        }
        for tag in &filter.tags {
            let place = conditions.place(Value::Text(storable(tag).into_owned()));
            conditions.and(&format!(
                "EXISTS (SELECT 1 FROM instance_tags WHERE instance_id = instances.id AND tag = {place})"
            ));
        }
        conditions
    }

    fn after(mut self, cursor: Option<Cursor>) -> Self {
        if let Some(cursor) = cursor {
            let created_at = self.place(Value::Number(cursor.created_at.as_microsecond()));
            let id = self.place(Value::Number(cursor.id.0));
            self.and(&format!("(created_at, id) > ({created_at}, {id})"));
        }
        self
    }

    fn place(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str(" AND ");
        self.text.push_str(condition);
    }

    fn bind<'q>(&self, query: AnyQuery<'q>) -> AnyQuery<'q> {
        self.values.iter().fold(query, |query, value| match value {
            Value::Number(number) => query.bind(*number),
            Value::Text(text) => query.bind(text.clone()),
        })
    }
}

type AnyQuery<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

/// A LIKE pattern, escaped by `!`, for text that contains this.
fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
