use std::time::Duration;

use ferrule_model::{Digest, InstanceId};

use super::world::*;
use crate::store::{By, Changes, Fault, InstanceRow, LEASE, Reauthenticated, Setback, Store};

const ID: InstanceId = InstanceId(1);

fn intent() -> Digest {
    Digest::of("the refresh token")
}

async fn row(store: &Store) -> InstanceRow {
    store.by_id_even_deleted(OURS, ID).await.unwrap().unwrap()
}

async fn begin(store: &Store, row: &InstanceRow, owner: &str) -> bool {
    store.begin_refresh(row, owner, intent()).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_that_begin_at_once_one_has_the_lease() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        let (a, b) = tokio::join!(begin(&store, &read, "a"), begin(&store, &read, "b"));
        assert!(a ^ b);
        let leased = row(&store).await;
        assert_eq!(leased.intent, Some(intent()));
        assert_eq!(leased.lease_owner.as_deref(), Some(if a { "a" } else { "b" }));
        // It is due again when the lease is over, whatever becomes of its owner.
        assert_eq!(leased.tokens.refresh_due_at, leased.lease_until);
        let left = leased
            .lease_until
            .unwrap()
            .duration_since(store.now().await.unwrap());
        assert!(left.as_secs() >= 55 && left.unsigned_abs() <= LEASE, "{left:?}");
        assert!(!begin(&store, &leased, "c").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_taken_over_when_it_is_over_and_only_from_the_row_as_it_is() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        assert!(begin(&store, &read, "a").await);
        tamper(&store, "UPDATE instances SET lease_until = 1").await;
        // Read before the intent was written: its reader knows nothing of the journal that must be asked.
        assert!(!begin(&store, &read, "b").await);
        let now = row(&store).await;
        assert!(begin(&store, &now, "b").await);
        // Its answer was lost: the owner asks again.
        assert!(begin(&store, &now, "b").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_the_queue_goes_to_whoever_is_ready_first() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        tamper(&store, "UPDATE instances SET refresh_due_at = 1").await;
        let connector = "intercom".parse().unwrap();
        let claimed = store.claim_due(&connector, "queued", 10).await.unwrap();
        assert!(begin(&store, &row(&store).await, "ready").await);
        // Its owner finds it lost, and from now on the lease holds.
        assert!(!begin(&store, &claimed[0], "queued").await);
        assert!(!begin(&store, &row(&store).await, "late").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_begins_on_another_version_a_deleted_or_a_condemned_row() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        let other_version = InstanceRow {
            version: 2,
            ..read.clone()
        };
        assert!(!begin(&store, &other_version, "a").await);
        tamper(
            &store,
            "UPDATE instances SET verdict = 'REAUTHORIZATION_REQUIRED'",
        )
        .await;
        assert!(!begin(&store, &read, "a").await);
        tamper(&store, "UPDATE instances SET verdict = NULL, deleted_at = 1").await;
        assert!(!begin(&store, &read, "a").await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_pair_clears_everything_and_is_written_once() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        assert!(begin(&store, &read, "a").await);
        let condemned =
            "UPDATE instances SET verdict = 'REAUTHORIZATION_REQUIRED', verdict_words = 'x', failures = 3";
        tamper(&store, condemned).await;
        assert!(store.finish_refresh(ID, 1, &tokens(2), at(5)).await.unwrap());
        let want = InstanceRow {
            tokens: tokens(2),
            version: 2,
            ..read
        };
        assert_eq!(row(&store).await, want);
        assert!(!store.finish_refresh(ID, 1, &tokens(3), at(5)).await.unwrap());
        assert_eq!(row(&store).await, want);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_overwrites_no_login_and_reaches_a_deleted_row_until_it_is_erased() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        assert!(begin(&store, &read, "a").await);
        let (pair, unchanged) = (tokens(2), Changes::default());
        let login = store
            .reauthenticate(OURS, ID, &pair, &unchanged, None, at(9))
            .await;
        assert_eq!(login.unwrap(), Reauthenticated::Done { version: 2 });
        assert!(!store.finish_refresh(ID, 1, &tokens(3), at(5)).await.unwrap());
        assert!(
            !store
                .record_verdict(ID, 1, "a", &Setback::default(), at(5))
                .await
                .unwrap()
        );
        assert_eq!(row(&store).await.tokens, tokens(2));

        assert!(begin(&store, &row(&store).await, "b").await);
        assert!(store.mark_deleted(OURS, ID, at(10), By::default()).await.unwrap());
        assert!(store.finish_refresh(ID, 2, &tokens(4), at(5)).await.unwrap());
        assert!(store.erase(ID, at(20)).await.unwrap());
        assert!(!store.finish_refresh(ID, 3, &tokens(5), at(5)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_is_its_owners_and_gives_the_lease_back() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        assert!(begin(&store, &read, "a").await);
        let setback = Setback {
            verdict: Some(Fault::AppMisconfigured),
            words: "no such\0 client".to_owned(),
            again_in: Some(Duration::from_hours(1)),
            intent_stays_open: true,
            paused_by: Some(Digest::of("app")),
            ..Setback::default()
        };
        assert!(!store.record_verdict(ID, 1, "b", &setback, at(5)).await.unwrap());
        assert!(store.record_verdict(ID, 1, "a", &setback, at(5)).await.unwrap());
        let after = row(&store).await;
        assert_eq!(after.verdict, Some(Fault::AppMisconfigured));
        assert_eq!(after.verdict_words.as_deref(), Some("no such\u{FFFD} client"));
        assert_eq!(
            (after.failures, after.intent, after.lease_owner.as_deref()),
            (1, Some(intent()), None)
        );
        let wait = after
            .tokens
            .refresh_due_at
            .unwrap()
            .duration_since(store.now().await.unwrap());
        assert!((3_590..=3_600).contains(&wait.as_secs()), "{wait:?}");

        assert!(begin(&store, &after, "c").await);
        assert!(
            store
                .record_verdict(ID, 1, "c", &Setback::default(), at(5))
                .await
                .unwrap()
        );
        let after = row(&store).await;
        assert_eq!((after.verdict, after.failures, after.intent), (None, 2, None));
        assert_eq!(after.tokens.refresh_due_at, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_are_void_at_the_start_only_where_one_process_has_the_database() {
    let [file, shared, _] = Database::each();
    for (database, voided) in [(file, 1), (shared, 0)] {
        let store = database.open().await;
        assert!(store.insert_organization(&new_organization(OURS)).await.unwrap());
        assert!(store.insert_user(&new_user(OURS)).await.unwrap());
        let read = insert(&store, &new_instance(1)).await;
        insert(&store, &new_instance(2)).await;
        assert!(begin(&store, &read, "a").await);
        assert_eq!(store.void_leases().await.unwrap(), voided);
        let after = row(&store).await;
        assert_eq!(after.lease_owner.is_none(), voided == 1);
        assert_eq!(after.intent, Some(intent()), "the intent stays open");
    }
}
