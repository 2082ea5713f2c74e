use std::collections::HashSet;

use ferrule_model::{Digest, InstanceId};
use tokio::task::JoinSet;

use super::world::*;
use crate::store::{
    IdempotencyClaim, IdempotentRequest, Inserted, NewInstance, SealedTokens, SpentCode, StoreError,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_reads_back_as_it_was_made() {
    on_each_database(async |store| {
        let new = new_instance(1);
        let row = insert(&store, &new).await;
        assert_eq!(
            (row.id, row.organization_id, row.user_id),
            (new.id, OURS, new.user_id)
        );
        assert_eq!(
            (row.element_key, row.element_id),
            (new.element_key, new.element_id)
        );
        assert_eq!(
            (row.name, row.tags, row.configuration),
            (new.name, new.tags, new.configuration)
        );
        assert_eq!(
            (row.secrets, row.token, row.tokens),
            (new.secrets, new.token, new.tokens)
        );
        assert_eq!(
            (row.created_at, row.updated_at, row.deleted_at),
            (at(1), at(1), None)
        );
        assert_eq!((row.version, row.disabled, row.verdict), (1, false, None));
        assert_eq!((row.lease_owner, row.lease_until, row.intent), (None, None, None));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_tokens_secrets_or_tags_reads_back_too() {
    on_each_database(async |store| {
        let tokens = SealedTokens {
            access_token: None,
            refresh_token: None,
            scope: String::new(),
            expires_at: None,
            requested_at: at(0),
            refresh_due_at: None,
        };
        let new = NewInstance {
            tags: vec![],
            secrets: None,
            tokens: tokens.clone(),
            ..new_instance(1)
        };
        let row = insert(&store, &new).await;
        assert_eq!((row.tags, row.secrets, row.tokens), (vec![], None, tokens));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendors_words_never_keep_an_instance_from_being_kept() {
    on_each_database(async |store| {
        let mut new = new_instance(1);
        new.tokens.scope = "a\0b".to_owned();
        new.tags = vec!["same".to_owned(), "same".to_owned()];
        let row = insert(&store, &new).await;
        assert_eq!(row.tokens.scope, "a\u{FFFD}b");
        assert_eq!(row.tags, ["same", "same"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_with_one_code_make_one_instance() {
    on_each_database(async |store| {
        let mut callers = JoinSet::new();
        for id in 1..=64 {
            let store = store.clone();
            callers.spawn(async move { store.insert(&new_instance(id), Some(code("code")), None).await });
        }
        let outcomes = callers.join_all().await;
        let outcomes: Vec<Inserted> = outcomes.into_iter().collect::<Result<_, _>>().unwrap();

        let spent = store.instance_of_code(code("code")).await.unwrap().unwrap();
        let winner = spent.instance_id;
        assert_eq!(
            spent,
            SpentCode {
                instance_id: winner,
                organization_id: OURS,
                deleted: false
            }
        );
        let created = outcomes
            .iter()
            .filter(|&&outcome| outcome == Inserted::Created)
            .count();
        let refused = Inserted::CodeSpent { instance_id: winner };
        assert_eq!(
            (
                created,
                outcomes.iter().filter(|&&outcome| outcome == refused).count()
            ),
            (1, 63)
        );
        assert_eq!(count(&store, "instances").await, 1);
        assert_eq!(count(&store, "instance_tags").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_with_codes_of_their_own_do_not_lose_one() {
    on_each_database(async |store| {
        let mut callers = JoinSet::new();
        for id in 1..=64 {
            let store = store.clone();
            let own = code(&format!("code {id}"));
            callers.spawn(async move { store.insert(&new_instance(id), Some(own), None).await.unwrap() });
        }
        let outcomes: HashSet<_> = callers
            .join_all()
            .await
            .into_iter()
            .map(|outcome| outcome == Inserted::Created)
            .collect();
        assert_eq!(outcomes, HashSet::from([true]));
        assert_eq!(count(&store, "instances").await, 64);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_id_leaves_the_code_unspent() {
    on_each_database(async |store| {
        insert(&store, &their_instance(1)).await;
        let new = NewInstance {
            token_digest: Digest::of("another"),
            ..new_instance(1)
        };
        assert_eq!(
            store.insert(&new, Some(code("code")), None).await.unwrap(),
            Inserted::IdTaken
        );
        assert_eq!(store.instance_of_code(code("code")).await.unwrap(), None);

        let elsewhere = NewInstance {
            id: InstanceId(2),
            ..new
        };
        assert_eq!(
            store.insert(&elsewhere, Some(code("code")), None).await.unwrap(),
            Inserted::Created
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_fails_leaves_nothing() {
    on_each_database(async |store| {
        insert(&store, &new_instance(1)).await;
        let request = IdempotentRequest {
            key: Digest::of("key"),
            body: Digest::of("body"),
        };
        let same_token = NewInstance {
            id: InstanceId(2),
            ..new_instance(1)
        };
        let refused = store
            .insert(&same_token, Some(code("code")), Some(request))
            .await
            .unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
        assert_eq!(store.instance_of_code(code("code")).await.unwrap(), None);
        assert_eq!(
            (
                count(&store, "instances").await,
                count(&store, "instance_tags").await
            ),
            (1, 2)
        );
        let claim = store.claim_idempotency(OURS, request, at(0)).await.unwrap();
        assert_eq!(claim, IdempotencyClaim::Fresh);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    on_each_database(async |store| {
        let mut transaction = store.begin().await.unwrap();
        sqlx::query("INSERT INTO check_value (name, value) VALUES ('x', 'y')")
            .execute(&mut transaction)
            .await
            .unwrap();
        drop(transaction);
        assert_eq!(store.check_value("x").await.unwrap(), None);
        insert(&store, &new_instance(1)).await;
    })
    .await;
}
