use ferrule_model::{Digest, InstanceId};

use super::world::*;
use crate::store::{By, Changes, Inserted, Reauthenticated, SpentCode, Updated};

const ID: InstanceId = InstanceId(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_instance_is_gone_for_everybody_but_who_erases_it() {
    on_each_database(async |store| {
        let before = insert(&store, &new_instance(1)).await;
        assert!(store.mark_deleted(OURS, ID, at(9), By::default()).await.unwrap());
        assert!(!store.mark_deleted(OURS, ID, at(10), By::default()).await.unwrap());

        assert_eq!(store.by_id(OURS, ID).await.unwrap(), None);
        assert_eq!(store.by_token(Digest::of("token 1")).await.unwrap(), None);
        let none = Changes::default();
        assert_eq!(
            store.update_details(OURS, ID, &none, at(10)).await.unwrap(),
            Updated::Gone
        );
        let again = store
            .reauthenticate(OURS, ID, &tokens(2), &none, None, at(10))
            .await
            .unwrap();
        assert_eq!(again, Reauthenticated::Gone);
        assert!(
            !store
                .set_disabled(OURS, ID, true, at(10), By::default())
                .await
                .unwrap()
        );

        let kept = store.by_id_even_deleted(OURS, ID).await.unwrap().unwrap();
        assert_eq!(
            (kept.deleted_at, kept.tokens.clone()),
            (Some(at(9)), before.tokens)
        );
        assert_eq!(store.deleted_not_erased(10).await.unwrap(), [kept]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erasure_leaves_the_spent_codes_and_no_secret() {
    on_each_database(async |store| {
        let outcome = store
            .insert(&new_instance(1), Some(code("code")), None)
            .await
            .unwrap();
        assert_eq!(outcome, Inserted::Created);
        assert!(!store.erase(ID, at(20)).await.unwrap(), "it is alive");
        assert!(store.mark_deleted(OURS, ID, at(9), By::default()).await.unwrap());
        assert!(store.erase(ID, at(20)).await.unwrap());
        assert!(!store.erase(ID, at(20)).await.unwrap(), "it is erased");

        assert_eq!(store.by_id_even_deleted(OURS, ID).await.unwrap(), None);
        assert!(store.deleted_not_erased(10).await.unwrap().is_empty());
        assert_eq!(count(&store, "instance_tags").await, 0);
        let rest =
            "instances WHERE name = '' AND configuration = '{}' AND secrets IS NULL AND token_digest IS NULL
            AND token_sealed IS NULL AND access_token IS NULL AND refresh_token IS NULL";
        assert_eq!(count(&store, rest).await, 1);
        assert_eq!(
            store.instance_of_code(code("code")).await.unwrap(),
            Some(SpentCode {
                instance_id: ID,
                organization_id: OURS,
                deleted: true
            })
        );
        let again = store
            .insert(&new_instance(2), Some(code("code")), None)
            .await
            .unwrap();
        assert_eq!(again, Inserted::CodeSpent { instance_id: ID });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_longest_deleted_are_erased_first() {
    on_each_database(async |store| {
        for (id, seconds) in [(1, 30), (2, 10), (3, 20)] {
            insert(&store, &new_instance(id)).await;
            store
                .mark_deleted(OURS, InstanceId(id), at(seconds), By::default())
                .await
                .unwrap();
        }
        let due = store.deleted_not_erased(2).await.unwrap();
        assert_eq!(due.iter().map(|row| row.id.0).collect::<Vec<_>>(), [2, 3]);
    })
    .await;
}
