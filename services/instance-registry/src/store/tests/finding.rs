use ferrule_model::{Digest, InstanceId};

use super::world::*;
use crate::store::{By, Changes, Filter, Reauthenticated, Updated};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_leads_to_its_instance() {
    on_each_database(async |store| {
        let ours = insert(&store, &new_instance(1)).await;
        let theirs = insert(&store, &their_instance(2)).await;
        assert_eq!(store.by_token(Digest::of("token 1")).await.unwrap(), Some(ours));
        assert_eq!(store.by_token(Digest::of("token 2")).await.unwrap(), Some(theirs));
        assert_eq!(store.by_token(Digest::of("token 3")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organizations_instance_is_like_a_missing_one() {
    on_each_database(async |store| {
        let before = insert(&store, &their_instance(1)).await;
        let id = InstanceId(1);
        let renamed = Changes {
            name: Some("mine".to_owned()),
            ..Changes::default()
        };

        assert_eq!(store.by_id(OURS, id).await.unwrap(), None);
        assert_eq!(store.by_id_even_deleted(OURS, id).await.unwrap(), None);
        let page = store.list(OURS, &Filter::default(), 10, None).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (0, 0));
        assert_eq!(
            store.update_details(OURS, id, &renamed, at(9)).await.unwrap(),
            Updated::Gone
        );
        let again = store
            .reauthenticate(OURS, id, &tokens(9), &renamed, Some(code("code")), at(9))
            .await;
        assert_eq!(again.unwrap(), Reauthenticated::Gone);
        assert!(
            !store
                .set_disabled(OURS, id, true, at(9), By::default())
                .await
                .unwrap()
        );
        assert!(!store.mark_deleted(OURS, id, at(9), By::default()).await.unwrap());

        assert_eq!(store.by_id(THEIRS, id).await.unwrap(), Some(before));
        assert_eq!(store.instance_of_code(code("code")).await.unwrap(), None);
    })
    .await;
}
