use ferrule_model::{Digest, InstanceId};
use tokio::task::JoinSet;

use super::world::*;
use crate::store::{IdempotencyClaim, IdempotentRequest, Inserted};

const DAY: i64 = 24 * 60 * 60;

fn request(body: &str) -> IdempotentRequest {
    IdempotentRequest {
        key: Digest::of("key"),
        body: Digest::of(body),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_comes_again_with_its_own_body_only() {
    on_each_database(async |store| {
        let claim = async |organization, body| {
            store
                .claim_idempotency(organization, request(body), at(0))
                .await
                .unwrap()
        };
        assert_eq!(claim(OURS, "a").await, IdempotencyClaim::Fresh);
        assert_eq!(claim(OURS, "a").await, IdempotencyClaim::Same { instance: None });
        assert_eq!(claim(OURS, "b").await, IdempotencyClaim::OtherBody);
        assert_eq!(claim(THEIRS, "b").await, IdempotencyClaim::Fresh);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_with_the_instance_that_its_request_made() {
    on_each_database(async |store| {
        store.claim_idempotency(OURS, request("a"), at(0)).await.unwrap();
        let made = store
            .insert(&new_instance(1), None, Some(request("a")))
            .await
            .unwrap();
        assert_eq!(made, Inserted::Created);
        let same = IdempotencyClaim::Same {
            instance: Some(InstanceId(1)),
        };
        assert_eq!(
            store.claim_idempotency(OURS, request("a"), at(1)).await.unwrap(),
            same
        );

        store
            .finish_idempotency(OURS, request("a"), InstanceId(2), at(1))
            .await
            .unwrap();
        assert_eq!(
            store.claim_idempotency(OURS, request("a"), at(1)).await.unwrap(),
            same,
            "the first stays"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_forgotten_after_a_day() {
    on_each_database(async |store| {
        store.claim_idempotency(OURS, request("a"), at(0)).await.unwrap();
        store
            .finish_idempotency(OURS, request("a"), InstanceId(1), at(0))
            .await
            .unwrap();
        let claim = async |body, seconds| {
            store
                .claim_idempotency(OURS, request(body), at(seconds))
                .await
                .unwrap()
        };
        assert_eq!(claim("b", DAY - 1).await, IdempotencyClaim::OtherBody);
        assert_eq!(claim("b", DAY).await, IdempotencyClaim::Fresh);
        assert_eq!(claim("b", DAY).await, IdempotencyClaim::Same { instance: None });

        assert_eq!(store.forget_idempotency(at(2 * DAY - 1)).await.unwrap(), 0);
        assert_eq!(store.forget_idempotency(at(2 * DAY)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_claim_a_key_at_once_one_is_first() {
    on_each_database(async |store| {
        let mut callers = JoinSet::new();
        for _ in 0..32 {
            let store = store.clone();
            callers.spawn(async move { store.claim_idempotency(OURS, request("a"), at(0)).await.unwrap() });
        }
        let claims = callers.join_all().await;
        assert_eq!(
            claims
                .iter()
                .filter(|&&claim| claim == IdempotencyClaim::Fresh)
                .count(),
            1
        );
    })
    .await;
}
