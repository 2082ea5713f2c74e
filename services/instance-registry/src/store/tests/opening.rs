use std::fs;
use std::time::Duration;

use ferrule_testkit::{Authority, Postgres};
use secrecy::SecretString;

use super::world::*;
use crate::store::migrate::MIGRATIONS;
use crate::store::{Sealed, Store, StoreError, StoreOptions};

#[tokio::test(flavor = "multi_thread")]
async fn replicas_migrate_at_once_and_one_does_the_work() {
    for database in Database::each() {
        let (url, options) = (database.url(), StoreOptions::default());
        let opened = tokio::join!(
            Store::open(&url, &options),
            Store::open(&url, &options),
            Store::open(&url, &options),
            Store::open(&url, &options),
        );
        let store = opened.0.unwrap();
        for other in [opened.1, opened.2, opened.3] {
            other.unwrap().ping().await.unwrap();
        }
        assert_eq!(
            count(&store, "_sqlx_migrations").await,
            i64::try_from(MIGRATIONS.len()).unwrap()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_is_there_after_reopening() {
    for database in Database::each() {
        let store = database.open().await;
        assert!(store.insert_check_value("ring", &Sealed::new("v")).await.unwrap());
        store.close().await;
        assert_eq!(
            database.open().await.check_value("ring").await.unwrap(),
            Some(Sealed::new("v"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_replica_starts_beside_a_newer_schema() {
    for database in Database::each() {
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                     SELECT version + 1000, description, success, checksum, execution_time FROM _sqlx_migrations";
        tamper(&database.open().await, newer).await;
        database.open().await.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_commits_reach_the_disk() {
    let [file, ..] = Database::each();
    let store = file.open().await;
    for pool in [&store.reads, &store.writes] {
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(pool)
            .await
            .unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(pool)
            .await
            .unwrap();
        let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!((mode.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_name_no_database_are_refused_without_being_repeated() {
    for url in [
        "",
        "mysql://root:hunter2@h/d",
        "hunter2",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://x?mode=memory",
        "postgres://u:hunter2@[/d",
    ] {
        let refused = Store::open(&SecretString::from(url), &StoreOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(refused, StoreError::Url(_)), "{url}: {refused:?}");
        assert!(
            !format!("{refused} {refused:?}").contains("hunter2"),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_does_not_tell_its_url() {
    for database in Database::each() {
        let store = format!("{:?}", database.open().await);
        assert!(
            !store.contains("registry.db") && !store.contains("127.0.0.1"),
            "{store}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_unavailable_soon() {
    let port = ferrule_testkit::free_port();
    let url = format!("postgres://u:hunter2@127.0.0.1:{port}/d").into();
    let options = StoreOptions {
        acquire_timeout: Duration::from_millis(200),
        ..StoreOptions::default()
    };
    let away = Store::open(&url, &options).await.unwrap_err();
    assert!(away.is_transient(), "{away:?}");
    assert!(!format!("{away} {away:?}").contains("hunter2"));

    let missing = "sqlite:///nowhere/at/all/registry.db".to_owned().into();
    Store::open(&missing, &options).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_ferrule_never_writes_is_an_error() {
    for (statement, column) in [
        ("UPDATE instances SET tags = 'a, b'", "tags"),
        ("UPDATE instances SET configuration = '[]'", "configuration"),
        ("UPDATE instances SET disabled = 2", "disabled"),
        (
            "UPDATE instances SET expires_at = 9223372036854775807",
            "expires_at",
        ),
        ("UPDATE instances SET element_key = 'No Key'", "element_key"),
        ("UPDATE instances SET intent = 'abc'", "intent"),
        ("UPDATE instances SET token_sealed = NULL", "token_sealed"),
    ] {
        on_each_database(async |store| {
            insert(&store, &new_instance(1)).await;
            tamper(&store, statement).await;
            let bad = store.by_id(OURS, new_instance(1).id).await.unwrap_err();
            assert!(
                matches!(bad, StoreError::BadRow { column: named, .. } if named == column),
                "{bad:?}"
            );
        })
        .await;
    }
}

#[test]
fn every_migration_in_the_folder_is_applied() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let applied: Vec<String> = MIGRATIONS
        .iter()
        .map(|(version, description, _)| format!("{version:04}_{description}.sql"))
        .collect();
    assert_eq!(files, applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_of_the_database_the_store_works_again() {
    let mut server = Postgres::start();
    let url = server.fresh_database().into();
    let options = StoreOptions {
        acquire_timeout: Duration::from_millis(500),
        ..StoreOptions::default()
    };
    let store = Store::open(&url, &options).await.unwrap();
    let value = Sealed::new("v");
    store.insert_check_value("ring", &value).await.unwrap();

    server.stop();
    for _ in 0..3 {
        let away = store.check_value("ring").await.unwrap_err();
        assert!(away.is_transient(), "{away:?}");
    }
    server.restart();
    // Starting up is one of the troubles that pass.
    while let Err(not_yet) = store.ping().await {
        assert!(not_yet.is_transient(), "{not_yet:?}");
    }
    assert_eq!(store.check_value("ring").await.unwrap(), Some(value));
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_proves_who_it_is() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = Postgres::start_with_tls(&ours.certify("localhost"));
    let port = server.port();
    let options = StoreOptions {
        acquire_timeout: Duration::from_secs(2),
        ..StoreOptions::default()
    };
    let open = async |host: &str, mode: &str, authority: &Authority| {
        let file = authority.file();
        let url = format!(
            "postgres://postgres@{host}:{port}/postgres?sslmode={mode}&sslrootcert={}",
            file.display()
        );
        Store::open(&url.into(), &options).await
    };
    let store = open("localhost", "verify-full", &ours).await.unwrap();
    let encrypted = "SELECT CASE WHEN ssl THEN 1 ELSE 0 END FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let encrypted: i32 = sqlx::query_scalar(encrypted)
        .fetch_one(&store.reads)
        .await
        .unwrap();
    assert_eq!(encrypted, 1);

    open("127.0.0.1", "verify-full", &ours).await.unwrap_err();
    open("localhost", "verify-full", &theirs).await.unwrap_err();
    // This server speaks nothing else.
    open("localhost", "disable", &ours).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_no_statement_stays_on_the_server() {
    let [.., pooled] = Database::each();
    let (store, again) = (pooled.open().await, pooled.open().await);
    for store in [&store, &again] {
        insert_organizations(store).await;
    }
    insert(&store, &new_instance(1)).await;
    again.by_id(OURS, new_instance(1).id).await.unwrap();
    let kept = "SELECT COUNT(*) FROM pg_prepared_statements WHERE name <> ''";
    // More often than the pooler has servers.
    for _ in 0..8 {
        let kept: i64 = sqlx::query_scalar(kept).fetch_one(&store.reads).await.unwrap();
        assert_eq!(kept, 0);
    }
}
