//! A database with two organizations, and instances to put into it.

use std::collections::BTreeMap;

use ferrule_model::{Digest, ElementId, InstanceId, OrganizationId, UserId};
use ferrule_testkit::{PgBouncer, Postgres};
use jiff::Timestamp;
use secrecy::SecretString;
use tempfile::TempDir;

use crate::store::{
    Inserted, InstanceRow, NewInstance, NewOrganization, NewUser, Sealed, SealedTokens, Store, StoreOptions,
};

pub const OURS: OrganizationId = OrganizationId(1);
pub const THEIRS: OrganizationId = OrganizationId(2);

/// An empty database of each kind, and of each way to it; it ends with its guard.
pub enum Database {
    Sqlite(TempDir),
    Postgres(String),
    /// PostgreSQL by way of a pooler that keeps no prepared statement.
    Pooled(PgBouncer, String),
}

impl Database {
    pub fn each() -> [Self; 3] {
        let cluster = Postgres::shared();
        [
            Self::Sqlite(TempDir::new().expect("a temporary folder")),
            Self::Postgres(cluster.fresh_database()),
            Self::Pooled(PgBouncer::start(cluster), cluster.fresh_database()),
        ]
    }

    pub fn url(&self) -> SecretString {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}/registry.db", folder.path().display()).into(),
            Self::Postgres(url) => url.clone().into(),
            Self::Pooled(pooler, url) => format!("{}?statement-cache-capacity=0", pooler.url(url)).into(),
        }
    }

    pub async fn open(&self) -> Store {
        Store::open(&self.url(), &StoreOptions::default())
            .await
            .expect("the database opens")
    }
}

/// Runs a specification on each database, with both organizations in it.
pub async fn on_each_database(specification: impl AsyncFn(Store)) {
    for database in Database::each() {
        let store = database.open().await;
        insert_organizations(&store).await;
        specification(store.clone()).await;
        store.close().await;
    }
}

/// Both organizations with a user each, unless they are there.
pub async fn insert_organizations(store: &Store) {
    for organization in [OURS, THEIRS] {
        store
            .insert_organization(&new_organization(organization))
            .await
            .unwrap();
        store.insert_user(&new_user(organization)).await.unwrap();
    }
}

/// A time with microseconds, some seconds after the first.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(1_790_000_000_123_456 + seconds * 1_000_000).unwrap()
}

pub fn new_organization(id: OrganizationId) -> NewOrganization {
    NewOrganization {
        id,
        name: format!("organization {id}"),
        secret_digest: Digest::of(format!("organization secret {id}")),
        data_key: Sealed::new(format!("wrapped {id}")),
        created_at: at(0),
    }
}

/// The one user of an organization, with the organization's number as id.
pub fn new_user(organization: OrganizationId) -> NewUser {
    NewUser {
        id: UserId(organization.0),
        organization_id: organization,
        secret_digest: Digest::of(format!("user secret {organization}")),
        email: "ada@example.com".to_owned(),
        first_name: "Ada".to_owned(),
        last_name: "Łęcka".to_owned(),
        created_at: at(0),
    }
}

pub fn tokens(number: i64) -> SealedTokens {
    SealedTokens {
        access_token: Some(Sealed::new(format!("sealed access {number}"))),
        refresh_token: Some(Sealed::new(format!("sealed refresh {number}"))),
        scope: "read write".to_owned(),
        expires_at: Some(at(3600)),
        requested_at: at(-1),
        refresh_due_at: Some(at(3500)),
    }
}

/// Our instance of this id, made that many seconds after the first.
pub fn new_instance(id: i64) -> NewInstance {
    NewInstance {
        id: InstanceId(id),
        organization_id: OURS,
        user_id: UserId(OURS.0),
        element_key: "intercom".parse().unwrap(),
        element_id: ElementId(7),
        name: format!("Instance {id}"),
        tags: vec![format!("Instance {id}"), "all".to_owned()],
        configuration: BTreeMap::from([("subdomain".to_owned(), "\"é\u{0}\n".to_owned())]),
        secrets: Some(Sealed::new("sealed secrets")),
        token_digest: Digest::of(format!("token {id}")),
        token: Sealed::new(format!("sealed token {id}")),
        tokens: tokens(id),
        external_authentication: id % 2 == 0,
        created_at: at(id),
        request_id: None,
        connect_session: None,
    }
}

pub fn their_instance(id: i64) -> NewInstance {
    NewInstance {
        organization_id: THEIRS,
        user_id: UserId(THEIRS.0),
        ..new_instance(id)
    }
}

pub fn code(name: &str) -> Digest {
    Digest::of(name)
}

/// Puts an instance into the store and reads it back.
pub async fn insert(store: &Store, new: &NewInstance) -> InstanceRow {
    assert_eq!(store.insert(new, None, None).await.unwrap(), Inserted::Created);
    store
        .by_id(new.organization_id, new.id)
        .await
        .unwrap()
        .expect("it was just made")
}

/// How many rows a table has.
pub async fn count(store: &Store, table: &'static str) -> i64 {
    let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&store.reads).await.unwrap()
}

/// Runs a statement that the store itself never would.
pub async fn tamper(store: &Store, statement: &'static str) {
    sqlx::query(statement).execute(&store.writes).await.unwrap();
}
