//! Connect sessions: one instance each, whoever comes first; the same request is one session under several links.

use super::world::*;
use crate::store::{
    CONNECT_KEPT, ConnectRow, ConnectSetback, IdempotentRequest, Inserted, NewInstance, OpenedConnect, Store,
};

fn session(id: &str) -> ConnectRow {
    ConnectRow {
        id: id.to_owned(),
        organization_id: OURS,
        user_id: ferrule_model::UserId(OURS.0),
        elements: vec!["acme".to_owned(), "intercom".to_owned()],
        tags: vec!["a".to_owned()],
        name: "Customer \"1\"".to_owned(),
        end_user_id: "u-1".to_owned(),
        return_url: String::new(),
        caller_state: "s".to_owned(),
        created_at: at(0),
        expires_at: at(60),
        setback: None,
        instance_id: None,
    }
}

async fn open(store: &Store, new: &ConnectRow, link: &str, request: Option<(&str, &str)>) -> OpenedConnect {
    let request = request.map(|(key, body)| IdempotentRequest {
        key: code(key),
        body: code(body),
    });
    store.open_connect(new, code(link), request).await.unwrap()
}

fn made(id: i64, session: &str) -> NewInstance {
    NewInstance {
        connect_session: Some(session.to_owned()),
        ..new_instance(id)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_makes_one_instance_whoever_comes_first() {
    on_each_database(async |store| {
        let new = session("s1");
        assert_eq!(
            open(&store, &new, "l1", None).await,
            OpenedConnect::Session(Box::new(new.clone()))
        );
        assert_eq!(
            store.connect_of_link(code("l1")).await.unwrap(),
            Some(new.clone())
        );
        assert_eq!(
            store.connect_session(OURS, "s1").await.unwrap(),
            Some(new.clone())
        );
        assert_eq!(store.connect_session(THEIRS, "s1").await.unwrap(), None);
        assert_eq!(store.connect_of_link(code("l2")).await.unwrap(), None);

        store
            .set_connect_setback("s1", Some(ConnectSetback::Denied))
            .await
            .unwrap();
        let row = store.connect_session(OURS, "s1").await.unwrap().unwrap();
        assert_eq!(row.setback, Some(ConnectSetback::Denied));

        let tries = (1..=4).map(|id| {
            let store = store.clone();
            async move {
                store
                    .insert(&made(id, "s1"), Some(code(&format!("c{id}"))), None)
                    .await
                    .unwrap()
            }
        });
        let all = futures::future::join_all(tries).await;
        let created: Vec<_> = (1..=4)
            .zip(&all)
            .filter(|(_, one)| **one == Inserted::Created)
            .collect();
        assert_eq!(created.len(), 1, "{all:?}");
        assert_eq!(
            all.iter().filter(|one| **one == Inserted::ConnectSpent).count(),
            3
        );
        assert_eq!(count(&store, "instances").await, 1);
        assert_eq!(
            count(&store, "spent_codes").await,
            1,
            "what made nothing spent nothing"
        );
        let row = store.connect_session(OURS, "s1").await.unwrap().unwrap();
        assert_eq!(row.instance_id.map(|id| id.0), Some(created[0].0));
        assert_eq!(row.setback, None);
        store
            .set_connect_setback("s1", Some(ConnectSetback::Failed))
            .await
            .unwrap();
        let row = store.connect_session(OURS, "s1").await.unwrap().unwrap();
        assert_eq!(row.setback, None, "done stays done");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_is_one_session_with_one_more_link() {
    on_each_database(async |store| {
        let first = session("s1");
        for link in ["l1", "l2"] {
            let _ = open(&store, &first, link, Some(("key", "body"))).await;
        }
        let again = open(&store, &session("s2"), "l3", Some(("key", "body"))).await;
        assert_eq!(again, OpenedConnect::Session(Box::new(first.clone())));
        assert_eq!(count(&store, "connect_sessions").await, 1);
        for link in ["l1", "l2", "l3"] {
            let found = store.connect_of_link(code(link)).await.unwrap();
            assert_eq!(found.as_ref(), Some(&first), "{link}");
        }
        let other = open(&store, &session("s3"), "l4", Some(("key", "another body"))).await;
        assert_eq!(other, OpenedConnect::OtherBody);
        assert_eq!(store.connect_of_link(code("l4")).await.unwrap(), None);
        for id in ["s4", "s5"] {
            let _ = open(&store, &session(id), id, None).await;
        }
        assert_eq!(
            count(&store, "connect_sessions").await,
            3,
            "without a key each is its own"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_over_a_day_ago_is_forgotten_with_its_links() {
    on_each_database(async |store| {
        let later = ConnectRow {
            expires_at: at(61),
            ..session("s2")
        };
        let _ = open(&store, &session("s1"), "l1", None).await;
        let _ = open(&store, &later, "l2", None).await;
        let kept = i64::try_from(CONNECT_KEPT.as_secs()).unwrap();
        assert_eq!(store.forget_connects(at(59 + kept)).await.unwrap(), 0);
        assert_eq!(store.forget_connects(at(60 + kept)).await.unwrap(), 1);
        assert_eq!(store.connect_of_link(code("l1")).await.unwrap(), None);
        assert_eq!(store.connect_of_link(code("l2")).await.unwrap(), Some(later));
        assert_eq!(count(&store, "connect_links").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_has_one_origin_the_one_registered_last() {
    on_each_database(async |store| {
        assert_eq!(store.connect_origin(OURS).await.unwrap(), None);
        for (organization, origin) in [
            (OURS, "https://a.example"),
            (OURS, "https://b.example"),
            (THEIRS, "https://c.example"),
        ] {
            store
                .put_connect_origin(organization, origin, at(0))
                .await
                .unwrap();
        }
        assert_eq!(
            store.connect_origin(OURS).await.unwrap().as_deref(),
            Some("https://b.example")
        );
        store.delete_connect_origin(OURS).await.unwrap();
        assert_eq!(store.connect_origin(OURS).await.unwrap(), None);
        assert_eq!(
            store.connect_origin(THEIRS).await.unwrap().as_deref(),
            Some("https://c.example")
        );
    })
    .await;
}
