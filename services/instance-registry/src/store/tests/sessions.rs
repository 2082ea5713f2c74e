use ferrule_model::{Digest, OrganizationId, UserId};

use super::world::*;

const HOUR: i64 = 3600;

fn cookie(name: &str) -> Digest {
    Digest::of(name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_leads_to_its_user_until_it_is_closed() {
    on_each_database(async |store| {
        store.open_session(cookie("a"), UserId(1), at(0)).await.unwrap();
        let found = store.use_session(cookie("a"), at(1)).await.unwrap().unwrap();
        assert_eq!((found.user.id, found.user.organization_id), (UserId(1), OURS));
        assert_eq!(found.organization_name, "organization 1");
        assert_eq!(store.use_session(cookie("b"), at(1)).await.unwrap(), None);

        for _ in 0..2 {
            store.close_session(cookie("a")).await.unwrap();
            assert_eq!(store.use_session(cookie("a"), at(2)).await.unwrap(), None);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_an_hour_after_its_last_use_and_twelve_hours_after_its_first() {
    on_each_database(async |store| {
        store
            .open_session(cookie("idle"), UserId(1), at(0))
            .await
            .unwrap();
        store
            .open_session(cookie("busy"), UserId(1), at(0))
            .await
            .unwrap();
        let lives = async |name, seconds| {
            let found = store.use_session(cookie(name), at(seconds)).await.unwrap();
            found.is_some()
        };
        assert!(lives("idle", HOUR - 1).await, "59 minutes are no hour");
        assert!(!lives("idle", 2 * HOUR - 1).await, "an hour after its last use");
        for half_hours in 1..24 {
            assert!(
                lives("busy", half_hours * HOUR / 2).await,
                "{half_hours} half hours"
            );
        }
        assert!(!lives("busy", 12 * HOUR).await);

        assert_eq!(store.forget_sessions(at(12 * HOUR)).await.unwrap(), 2);
        assert_eq!(count(&store, "sessions").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_ends_the_sessions_that_the_old_one_opened() {
    on_each_database(async |store| {
        let is_signed_in = async |name| store.use_session(cookie(name), at(1)).await.unwrap().is_some();
        store
            .open_session(cookie("ours"), UserId(1), at(0))
            .await
            .unwrap();
        store
            .open_session(cookie("theirs"), UserId(2), at(0))
            .await
            .unwrap();
        store
            .update_user_secret(UserId(1), Digest::of("new"))
            .await
            .unwrap();
        assert!(!is_signed_in("ours").await);
        assert!(is_signed_in("theirs").await);

        store
            .update_organization_secret(OrganizationId(2), Digest::of("new"))
            .await
            .unwrap();
        assert!(!is_signed_in("theirs").await);
    })
    .await;
}
