use ferrule_model::InstanceId;

use super::world::*;
use crate::store::{By, Changes, Cursor, Filter, NewInstance, Store, Updated};

async fn ids(store: &Store, filter: Filter) -> Vec<i64> {
    let page = store.list(OURS, &filter, 100, None).await.unwrap();
    assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap());
    page.rows.iter().map(|row| row.id.0).collect()
}

fn search(text: &str) -> Filter {
    Filter {
        search: Some(text.to_owned()),
        ..Filter::default()
    }
}

fn tagged(tags: &[&str]) -> Filter {
    Filter {
        tags: tags.iter().map(ToString::to_string).collect(),
        ..Filter::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_are_one_page_of_twice_the_size() {
    on_each_database(async |store| {
        for id in 1..=7 {
            // Pairs share their moment, so that only the id tells them apart.
            insert(
                &store,
                &NewInstance {
                    created_at: at(id / 2),
                    ..new_instance(id)
                },
            )
            .await;
        }
        insert(&store, &their_instance(8)).await;
        let all = Filter::default();
        let first = store.list(OURS, &all, 3, None).await.unwrap();
        let second = store.list(OURS, &all, 3, first.next).await.unwrap();
        let third = store.list(OURS, &all, 3, second.next).await.unwrap();
        let double = store.list(OURS, &all, 6, None).await.unwrap();
        assert_eq!([first.rows, second.rows].concat(), double.rows);
        assert_eq!((third.rows.len(), third.next), (1, None));
        assert_eq!([first.total, second.total, third.total, double.total], [7; 4]);

        let exact = store.list(OURS, &all, 7, None).await.unwrap();
        assert_eq!((exact.rows.len(), exact.next), (7, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_stay_right_while_instances_come_and_go() {
    on_each_database(async |store| {
        for id in 1..=4 {
            insert(&store, &new_instance(id)).await;
        }
        let first = store.list(OURS, &Filter::default(), 2, None).await.unwrap();
        assert_eq!(
            first.next,
            Some(Cursor {
                created_at: at(2),
                id: InstanceId(2)
            })
        );
        assert!(
            store
                .mark_deleted(OURS, InstanceId(2), at(9), By::default())
                .await
                .unwrap()
        );
        insert(&store, &new_instance(5)).await;
        let rest = store
            .list(OURS, &Filter::default(), 10, first.next)
            .await
            .unwrap();
        assert_eq!(
            rest.rows.iter().map(|row| row.id.0).collect::<Vec<_>>(),
            [3, 4, 5]
        );
        assert_eq!(rest.total, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tag_of_the_filter_must_be_on_the_instance() {
    on_each_database(async |store| {
        for (id, tags) in [(1, vec!["a", "b"]), (2, vec!["b", "c"]), (3, vec![])] {
            let tags = tags.into_iter().map(str::to_owned).collect();
            insert(
                &store,
                &NewInstance {
                    tags,
                    ..new_instance(id)
                },
            )
            .await;
        }
        assert_eq!(ids(&store, Filter::default()).await, [1, 2, 3]);
        assert_eq!(ids(&store, tagged(&["b"])).await, [1, 2]);
        assert_eq!(ids(&store, tagged(&["b", "a"])).await, [1]);
        assert_eq!(ids(&store, tagged(&["a", "c"])).await, [0; 0]);
        assert_eq!(ids(&store, tagged(&["A"])).await, [0; 0]);

        let changes = Changes {
            tags: Some(vec!["a".to_owned()]),
            ..Changes::default()
        };
        assert_eq!(
            store
                .update_details(OURS, InstanceId(2), &changes, at(9))
                .await
                .unwrap(),
            Updated::Done
        );
        assert_eq!(ids(&store, tagged(&["a"])).await, [1, 2]);
        assert_eq!(ids(&store, tagged(&["c"])).await, [0; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_reads_names_and_connectors_whatever_the_case() {
    on_each_database(async |store| {
        for (id, name, key) in [
            (1, "Ärzte 50%_off!", "intercom"),
            (2, "sales", "hubspot"),
            (3, "Intercom'; DROP TABLE users", "sfdc"),
        ] {
            let new = NewInstance {
                name: name.to_owned(),
                ..new_instance(id)
            };
            insert(
                &store,
                &NewInstance {
                    element_key: key.parse().unwrap(),
                    ..new
                },
            )
            .await;
        }
        for (text, found) in [
            ("INTER", vec![1, 3]),
            ("ärz", vec![1]),
            ("ÄRZ", vec![1]),
            ("0%_", vec![1]),
            ("%", vec![1]),
            ("_", vec![1]),
            ("!", vec![1]),
            ("hubspot", vec![2]),
            ("'; drop", vec![3]),
            ("\\", vec![]),
            ("\0", vec![]),
            ("", vec![1, 2, 3]),
        ] {
            assert_eq!(ids(&store, search(text)).await, found, "{text}");
        }
        let hubspot = Filter {
            element_key: Some("hubspot".parse().unwrap()),
            ..search("s")
        };
        assert_eq!(ids(&store, hubspot).await, [2]);
    })
    .await;
}
