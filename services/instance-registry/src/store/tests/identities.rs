use ferrule_model::{Digest, OrganizationId, UserId};

use super::world::*;
use crate::store::{OrganizationRow, Sealed, StoreError, UserRow};

#[tokio::test(flavor = "multi_thread")]
async fn secrets_lead_to_their_owners() {
    on_each_database(async |store| {
        let organization = OrganizationRow {
            id: OURS,
            name: "organization 1".to_owned(),
            data_key: Sealed::new("wrapped 1"),
            created_at: at(0),
        };
        let secret = new_organization(OURS).secret_digest;
        assert_eq!(
            store.organization_by_secret(secret).await.unwrap(),
            Some(organization.clone())
        );
        assert_eq!(store.organization(OURS).await.unwrap(), Some(organization));
        assert_eq!(store.organization_by_secret(Digest::of("?")).await.unwrap(), None);

        let user = UserRow {
            id: UserId(1),
            organization_id: OURS,
            email: "ada@example.com".to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "Łęcka".to_owned(),
            created_at: at(0),
        };
        assert_eq!(
            store.user_by_secret(new_user(OURS).secret_digest).await.unwrap(),
            Some(user.clone())
        );
        assert_eq!(store.user(UserId(1)).await.unwrap(), Some(user));
        assert_eq!(store.user(UserId(9)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_to_make_an_identity_wins() {
    on_each_database(async |store| {
        let mut again = new_organization(OURS);
        again.data_key = Sealed::new("another");
        assert!(!store.insert_organization(&again).await.unwrap());
        let kept = store.organization(OURS).await.unwrap().unwrap();
        assert_eq!(kept.data_key, Sealed::new("wrapped 1"));

        again.id = OrganizationId(3);
        assert!(
            !store.insert_organization(&again).await.unwrap(),
            "the secret is taken"
        );
        assert!(!store.insert_user(&new_user(OURS)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_needs_an_organization() {
    on_each_database(async |store| {
        let refused = store.insert_user(&new_user(OrganizationId(9))).await.unwrap_err();
        assert!(matches!(refused, StoreError::Refused(_)), "{refused:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_replaced_unless_it_is_somebody_elses() {
    on_each_database(async |store| {
        let (old, new) = (new_organization(OURS).secret_digest, Digest::of("new"));
        assert!(store.update_organization_secret(OURS, new).await.unwrap());
        assert_eq!(store.organization_by_secret(old).await.unwrap(), None);
        assert_eq!(store.organization_by_secret(new).await.unwrap().unwrap().id, OURS);
        let refused = store.update_organization_secret(THEIRS, new).await.unwrap_err();
        assert!(matches!(refused, StoreError::SecretInUse));
        assert!(
            !store
                .update_organization_secret(OrganizationId(9), Digest::of("x"))
                .await
                .unwrap()
        );

        assert!(store.update_user_secret(UserId(1), new).await.unwrap());
        assert_eq!(store.user_by_secret(new).await.unwrap().unwrap().id, UserId(1));
        let refused = store.update_user_secret(UserId(2), new).await.unwrap_err();
        assert!(matches!(refused, StoreError::SecretInUse));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_key_is_replaced_once() {
    on_each_database(async |store| {
        let (old, new) = (Sealed::new("wrapped 1"), Sealed::new("rewrapped"));
        assert!(store.replace_data_key(OURS, &old, &new).await.unwrap());
        assert!(
            !store
                .replace_data_key(OURS, &old, &Sealed::new("late"))
                .await
                .unwrap()
        );
        assert_eq!(store.organization(OURS).await.unwrap().unwrap().data_key, new);
        assert_eq!(
            store.organization(THEIRS).await.unwrap().unwrap().data_key,
            Sealed::new("wrapped 2")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_are_walked_through_in_order() {
    on_each_database(async |store| {
        let first = store.organizations_after(OrganizationId(0), 1).await.unwrap();
        assert_eq!(first.iter().map(|row| row.id).collect::<Vec<_>>(), [OURS]);
        let rest = store.organizations_after(OURS, 10).await.unwrap();
        assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [THEIRS]);
        assert!(store.organizations_after(THEIRS, 10).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_check_value_stays_until_it_is_replaced_by_one_who_knows_it() {
    on_each_database(async |store| {
        let (first, second) = (Sealed::new("first"), Sealed::new("second"));
        assert_eq!(store.check_value("ring").await.unwrap(), None);
        assert!(store.insert_check_value("ring", &first).await.unwrap());
        assert!(!store.insert_check_value("ring", &second).await.unwrap());
        assert!(!store.replace_check_value("ring", &second, &second).await.unwrap());
        assert_eq!(store.check_value("ring").await.unwrap(), Some(first.clone()));
        assert!(store.replace_check_value("ring", &first, &second).await.unwrap());
        assert_eq!(store.check_value("ring").await.unwrap(), Some(second));
    })
    .await;
}
