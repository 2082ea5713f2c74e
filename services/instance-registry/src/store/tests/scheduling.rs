use std::collections::BTreeSet;
use std::time::Duration;

use ferrule_model::ConnectorKey;
use sqlx::AssertSqlSafe;

use super::world::*;
use crate::store::Store;
use crate::store::instances::{claim_due, next_due};

fn intercom() -> ConnectorKey {
    "intercom".parse().unwrap()
}

async fn claim(store: &Store, owner: &str, limit: u32) -> Vec<i64> {
    let rows = store.claim_due(&intercom(), owner, limit).await.unwrap();
    rows.iter().map(|row| row.id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connector_has_its_next_moment_and_what_cannot_be_refreshed_has_none() {
    on_each_database(async |store| {
        for id in 1..=9 {
            insert(&store, &new_instance(id)).await;
        }
        let now = store.now().await.unwrap().as_microsecond();
        let scattered = format!(
            "UPDATE instances SET
                 element_key = CASE WHEN id <= 3 THEN 'alpha' WHEN id <= 6 THEN 'beta' ELSE 'gamma' END,
                 refresh_due_at = CASE WHEN id <= 3 THEN {now} + id * 60000000 WHEN id = 4 THEN 5 ELSE {now} + 600000000 END"
        );
        sqlx::query(AssertSqlSafe(scattered)).execute(&store.writes).await.unwrap();
        for statement in [
            "UPDATE instances SET deleted_at = 1 WHERE id = 1",
            "UPDATE instances SET disabled = 1 WHERE id = 2",
            "UPDATE instances SET refresh_due_at = NULL WHERE element_key = 'gamma'",
        ] {
            tamper(&store, statement).await;
        }
        let due = store.next_due().await.unwrap();
        let keys: Vec<&str> = due.iter().map(|due| due.connector.as_str()).collect();
        assert_eq!(keys, ["alpha", "beta"]);
        assert!((170..=180).contains(&due[0].due_in.as_secs()), "{due:?}");
        assert_eq!(due[1].due_in, Duration::ZERO);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_claimed_once_the_longest_due_first() {
    on_each_database(async |store| {
        for id in 1..=6 {
            insert(&store, &new_instance(id)).await;
        }
        tamper(
            &store,
            "UPDATE instances SET refresh_due_at = CASE WHEN id <= 4 THEN 100 - id ELSE 4000000000000000 END",
        )
        .await;
        assert_eq!(claim(&store, "a", 1).await, [4]);
        let (b, c) = tokio::join!(claim(&store, "b", 2), claim(&store, "c", 2));
        let claimed: BTreeSet<i64> = b.iter().chain(&c).copied().collect();
        assert_eq!((claimed, b.len() + c.len()), (BTreeSet::from([1, 2, 3]), 3));
        assert!(claim(&store, "d", 9).await.is_empty());
        // A claimer that is gone: due again when its lease is over.
        tamper(
            &store,
            "UPDATE instances SET lease_until = 1, refresh_due_at = 1 WHERE id = 2",
        )
        .await;
        assert_eq!(claim(&store, "d", 9).await, [2]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_that_cannot_be_read_keeps_no_other_from_being_refreshed() {
    on_each_database(async |store| {
        for id in 1..=3 {
            insert(&store, &new_instance(id)).await;
        }
        tamper(&store, "UPDATE instances SET refresh_due_at = id").await;
        tamper(
            &store,
            "UPDATE instances SET verdict = 'OF_A_NEWER_VERSION' WHERE id = 2",
        )
        .await;
        let mut claimed = claim(&store, "a", 9).await;
        claimed.sort_unstable();
        assert_eq!(claimed, [1, 3]);
    })
    .await;
}

/// Ten of these are due, as many as that wait for hours.
async fn ten_due_among(store: &Store, rows: i64) {
    insert(store, &new_instance(1)).await;
    let copies = format!(
        "INSERT INTO instances (id, organization_id, user_id, element_key, element_id, name, name_folded, tags,
             configuration, token_digest, token_sealed, scope, requested_at, refresh_due_at, created_at, updated_at,
             version, disabled, erased)
         SELECT n, organization_id, user_id, element_key, element_id, name, name_folded, tags, configuration,
             'digest ' || n, token_sealed, scope, requested_at,
             CASE WHEN n <= 11 THEN n ELSE 4000000000000000 + n END, created_at, updated_at, version, disabled, erased
         FROM instances, generate_series(2, {rows}) AS n WHERE id = 1"
    );
    sqlx::query(AssertSqlSafe(copies))
        .execute(&store.writes)
        .await
        .unwrap();
    tamper(
        store,
        "UPDATE instances SET refresh_due_at = 4000000000000000 WHERE id = 1",
    )
    .await;
    tamper(store, "VACUUM ANALYZE instances").await;
}

/// The plan of a statement as it really ran, and the pages that it touched.
async fn explained(store: &Store, statement: &str) -> (String, i64) {
    let explain = format!("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {statement}");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_all(&store.writes)
        .await
        .unwrap();
    let pages = lines
        .iter()
        .find_map(|line| line.trim().strip_prefix("Buffers: shared hit="))
        .and_then(|rest| rest.split(' ').next()?.parse().ok())
        .unwrap_or_default();
    (lines.join("\n"), pages)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_of_what_is_due_does_not_grow_with_what_is_not() {
    let mut touched = Vec::new();
    for rows in [1_000, 10_000] {
        let [_, database, _] = Database::each();
        let store = database.open().await;
        assert!(store.insert_organization(&new_organization(OURS)).await.unwrap());
        assert!(store.insert_user(&new_user(OURS)).await.unwrap());
        ten_due_among(&store, rows).await;
        let claim = claim_due(store.dialect)
            .replace("$1", "'intercom'")
            .replace("$2", "'owner'")
            .replace("$3", "100");
        for statement in [next_due(store.dialect), claim] {
            let (plan, pages) = explained(&store, &statement).await;
            assert!(plan.contains("instances_due"), "{plan}");
            assert!(!plan.contains("Seq Scan on instances"), "{plan}");
            touched.push(pages);
        }
    }
    let [few, many] = [&touched[..2], &touched[2..]];
    assert!(few.iter().all(|pages| *pages > 0), "{touched:?}");
    // One more level of the index at most, at each step down it.
    for (few, many) in few.iter().zip(many) {
        assert!(*many <= few * 3 / 2 + 4, "{touched:?}");
    }
}
