use std::collections::BTreeMap;

use ferrule_model::InstanceId;

use super::world::*;
use crate::store::{By, Changes, Filter, InstanceRow, Reauthenticated, Sealed, SpentCode, Updated};

const ID: InstanceId = InstanceId(1);

fn renamed(name: &str) -> Changes {
    Changes {
        name: Some(name.to_owned()),
        ..Changes::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_given_stays() {
    on_each_database(async |store| {
        let before = insert(&store, &new_instance(1)).await;
        assert_eq!(
            store
                .update_details(OURS, ID, &renamed("Other"), at(9))
                .await
                .unwrap(),
            Updated::Done
        );
        let named = InstanceRow {
            name: "Other".to_owned(),
            updated_at: at(9),
            ..before
        };
        assert_eq!(store.by_id(OURS, ID).await.unwrap(), Some(named.clone()));
        let found = Filter {
            search: Some("OTHER".to_owned()),
            ..Filter::default()
        };
        assert_eq!(store.list(OURS, &found, 1, None).await.unwrap().total, 1);

        let changes = Changes {
            tags: Some(vec!["x".to_owned()]),
            configuration: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
            secrets: Some(Sealed::new("other secrets")),
            ..Changes::default()
        };
        assert_eq!(
            store.update_details(OURS, ID, &changes, at(10)).await.unwrap(),
            Updated::Done
        );
        let after = InstanceRow {
            tags: vec!["x".to_owned()],
            configuration: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            secrets: Some(Sealed::new("other secrets")),
            updated_at: at(10),
            ..named
        };
        assert_eq!(store.by_id(OURS, ID).await.unwrap(), Some(after));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_changes_made_from_one_row_the_second_is_stale() {
    on_each_database(async |store| {
        let read = insert(&store, &new_instance(1)).await;
        let made_from = |name| Changes {
            made_from: Some(read.updated_at),
            ..renamed(name)
        };
        // Even within the microsecond in which the row was read.
        let now = read.updated_at;
        assert_eq!(
            store
                .update_details(OURS, ID, &made_from("a"), now)
                .await
                .unwrap(),
            Updated::Done
        );
        assert_eq!(
            store
                .update_details(OURS, ID, &made_from("b"), now)
                .await
                .unwrap(),
            Updated::Stale
        );
        let stale = store
            .reauthenticate(OURS, ID, &tokens(2), &made_from("c"), Some(code("c")), now)
            .await;
        assert_eq!(stale.unwrap(), Reauthenticated::Stale);
        assert_eq!(store.instance_of_code(code("c")).await.unwrap(), None);
        let row = store.by_id(OURS, ID).await.unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.tokens), ("a", read.tokens));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_is_disabled_and_enabled() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        for disabled in [true, false] {
            assert!(
                store
                    .set_disabled(OURS, ID, disabled, at(9), By::default())
                    .await
                    .unwrap()
            );
            assert_eq!(store.by_id(OURS, ID).await.unwrap().unwrap().disabled, disabled);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reauthentication_raises_the_version_and_clears_lease_intent_and_verdict() {
    on_each_database(async |store| {
        let before = insert(&store, &new_instance(1)).await;
        let intent =
            "UPDATE instances SET verdict = 'REAUTHORIZATION_REQUIRED', lease_owner = 'x', lease_until = 1,
            intent = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'";
        tamper(&store, intent).await;
        let under_way = store.by_id(OURS, ID).await.unwrap().unwrap();
        assert_eq!(under_way.intent, Some(ferrule_model::Digest::of("x")));
        assert_eq!(under_way.lease_until.unwrap().as_microsecond(), 1);

        let done = store
            .reauthenticate(OURS, ID, &tokens(2), &renamed("New"), Some(code("2")), at(9))
            .await;
        assert_eq!(done.unwrap(), Reauthenticated::Done { version: 2 });
        let after = InstanceRow {
            name: "New".to_owned(),
            tokens: tokens(2),
            version: 2,
            updated_at: at(9),
            ..before
        };
        assert_eq!(store.by_id(OURS, ID).await.unwrap(), Some(after));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_reauthenticates_once() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        insert(&store, &new_instance(2)).await;
        let reauthenticate = async |id| {
            let none = Changes::default();
            store
                .reauthenticate(OURS, InstanceId(id), &tokens(9), &none, Some(code("c")), at(9))
                .await
                .unwrap()
        };
        assert_eq!(reauthenticate(1).await, Reauthenticated::Done { version: 2 });
        let spent = Reauthenticated::CodeSpent { instance_id: ID };
        assert_eq!([reauthenticate(1).await, reauthenticate(2).await], [spent, spent]);
        assert_eq!(
            store.instance_of_code(code("c")).await.unwrap(),
            Some(SpentCode {
                instance_id: ID,
                organization_id: OURS,
                deleted: false
            })
        );
        assert_eq!(
            store.by_id(OURS, InstanceId(2)).await.unwrap().unwrap().tokens,
            tokens(2)
        );
    })
    .await;
}
