//! The app as its own user: a token at once, another before each one ends, and no login ever.

use std::time::Duration;

use ferrule_model::{Digest, MASK};
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{CreateInstanceRequest, Instance};
use ferrule_wire::{Reason, Refusal};

use crate::vendor_double::verdict;
use crate::world::{World, change, code, in_seconds, map, robot, until};

/// A robot whose access token has ended.
async fn ended(world: &World) -> Instance {
    world.broker.grant_at(in_seconds(-3660), Some(in_seconds(-60)));
    world.create(robot()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_secret_make_an_instance_whose_token_serves_calls() {
    for world in World::each().await {
        let made = world.create(robot()).await.unwrap();
        assert_eq!(made.configuration["oauth.api.secret"], MASK);
        assert_eq!(made.configuration["oauth.scope"], "read write");
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "access-token-1-of-the-vendor");
        assert!(credential.refresh_due_at.is_some() && credential.expires_at.is_some());
        let asked = world.broker.exchanged().remove(0);
        assert!(asked.digest.is_empty() && asked.code.is_empty() && asked.refresh_token.is_empty());
        assert_eq!(
            asked.parameters,
            map([("oauth.scope", "read write"), ("shop", "one")])
        );
        assert_eq!(world.broker.confirmations(), 0, "the broker kept nothing");
    }
}

#[tokio::test]
async fn what_is_missing_is_named_before_anything_is_asked_for() {
    let world = World::new().await;
    for (configuration, words) in [
        (map([]), "Missing: oauth.api.key, oauth.api.secret."),
        (
            map([("oauth.api.key", "k"), ("shop", "one")]),
            "Missing: oauth.api.secret.",
        ),
        (
            map([("oauth.api.key", "k"), ("oauth.api.secret", "s")]),
            "parameter 'shop' (Shop) is missing.",
        ),
    ] {
        let request = CreateInstanceRequest {
            configuration,
            ..robot()
        };
        let refusal = world.create(request).await.unwrap_err();
        assert_eq!(refusal, Refusal::new(Reason::InvalidRequest, words));
    }
    assert!(world.broker.exchanged().is_empty());
}

#[tokio::test]
async fn a_refused_app_leaves_no_instance() {
    let world = World::new().await;
    let refusal = Refusal::new(Reason::VendorRejected, "no such app").with_provider_message("invalid_client");
    world.broker.refuse(Some(refusal.clone()));
    let idempotent = CreateInstanceRequest {
        idempotency_key: "once".into(),
        body_digest: Digest::of("body").as_bytes().to_vec(),
        ..robot()
    };
    assert_eq!(world.create(idempotent.clone()).await.unwrap_err(), refusal);
    world.broker.refuse(None);
    let made = world.create(idempotent.clone()).await.unwrap();
    assert_eq!(world.create(idempotent).await.unwrap(), made);
    assert_eq!(world.broker.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ended_is_replaced_once_for_all_calls() {
    for world in World::each().await {
        world.broker.vendor().live_for(Some(Duration::from_hours(1)));
        let made = ended(&world).await;
        let calls = (0..20).map(|_| world.resolve(&made, None));
        for call in futures::future::join_all(calls).await {
            assert_eq!(call.unwrap().access_token, "refreshed-access-token-1");
        }
        let asked = world.broker.vendor().requests();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].refresh_token.is_empty());
        assert_eq!(
            (
                asked[0].api_key.as_str(),
                asked[0].parameters["oauth.scope"].as_str()
            ),
            ("client-id-of-the-app", "read write")
        );
        let row = world.row(&made).await;
        assert_eq!((row.version, row.tokens.refresh_token), (2, None));
        assert!(row.tokens.refresh_due_at.is_some());
        until("the journal is told", async || {
            world.broker.vendor().journal_is_empty()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_replaced_ahead_of_their_end_without_being_asked() {
    for world in World::each().await {
        world.broker.vendor().live_for(Some(Duration::from_secs(2)));
        world.broker.grant_at(in_seconds(0), Some(in_seconds(2)));
        let made = world.create(robot()).await.unwrap();
        until("it was replaced twice", async || {
            world.row(&made).await.version >= 3
        })
        .await;
        assert!(
            world
                .get(crate::world::ours(), Some(made.id))
                .await
                .unwrap()
                .valid
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_the_vendor_refuses_is_flagged_and_a_corrected_secret_brings_it_back_at_once() {
    for world in World::each().await {
        world
            .broker
            .vendor()
            .script([verdict(Kind::AppMisconfigured, None)]);
        let made = ended(&world).await;
        let refusal = world.resolve(&made, None).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::AppMisconfigured);
        let shown = world.get(crate::world::ours(), Some(made.id)).await.unwrap();
        assert_eq!((shown.valid, shown.reason.as_str()), (false, "APP_MISCONFIGURED"));

        world.broker.grant_at(in_seconds(0), Some(in_seconds(3600)));
        let mut corrected = change(&made);
        corrected.configuration = map([("oauth.api.secret", "another secret")]);
        let shown = world.update(corrected).await.unwrap();
        assert!(shown.valid);
        assert_eq!((shown.id, shown.token), (made.id, made.token.clone()));
        assert_eq!(
            world.broker.exchanged().last().unwrap().api_secret,
            "another secret"
        );
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "access-token-2-of-the-vendor");
    }
}

#[tokio::test]
async fn a_change_that_the_vendor_refuses_changes_nothing_and_one_that_means_nothing_to_it_asks_nothing() {
    let world = World::new().await;
    let made = world.create(robot()).await.unwrap();
    let mut noted = change(&made);
    noted.configuration = map([("note", "x"), ("oauth.api.secret", MASK)]);
    world.update(noted).await.unwrap();
    assert_eq!(world.broker.token_requests(), 1);

    let refused = Refusal::new(Reason::VendorRejected, "no");
    world.broker.refuse(Some(refused.clone()));
    for (name, value) in [
        ("oauth.api.secret", "wrong"),
        ("oauth.api.key", "wrong"),
        ("shop", "two"),
        ("oauth.scope", "everything"),
    ] {
        let mut wrong = change(&made);
        wrong.configuration = map([(name, value)]);
        assert_eq!(world.update(wrong).await.unwrap_err(), refused, "{name}");
    }
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.access_token, "access-token-1-of-the-vendor");
    assert_eq!(credential.parameters, map([("shop", "one")]));
}

#[tokio::test]
async fn a_code_is_nothing_to_an_app() {
    let world = World::new().await;
    let made = world.create(robot()).await.unwrap();
    let mut with_code = change(&made);
    with_code.provider_data = Some(code("c"));
    let refusal = world.update(with_code).await.unwrap_err();
    assert_eq!(
        refusal.message,
        "Connector 'robots' takes no code: leave providerData out."
    );
}

#[tokio::test]
async fn deleting_revokes_the_access_token() {
    let world = World::new().await;
    let made = world.create(robot()).await.unwrap();
    crate::deleting::delete(&world, crate::world::ours(), made.id)
        .await
        .unwrap();
    until("the vendor was asked", async || {
        !world.broker.revoked().is_empty()
    })
    .await;
    let revoked = world.broker.revoked().remove(0);
    assert_eq!(
        (revoked.token.as_str(), revoked.refresh),
        ("access-token-1-of-the-vendor", false)
    );
}
