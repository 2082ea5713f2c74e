use std::time::Duration;

use ferrule_wire::v1::{Credential, ResolveRequest};
use ferrule_wire::{Reason, Refusal};

use crate::deleting::delete;
use crate::world::{
    ORGANIZATION, THEIR_ORGANIZATION, THEIR_USER, USER, World, by_code, credentials, ended, in_seconds,
    keyed, ours, until,
};

async fn resolve_as(
    world: &World,
    user: &str,
    organization: &str,
    element: &str,
) -> Result<Credential, Refusal> {
    let request = ResolveRequest {
        credentials: Some(credentials(user, organization, element)),
        refused_version: None,
        instance_id: None,
    };
    let answer = world.client.clone().resolve(request).await;
    answer.map(tonic::Response::into_inner).map_err(Refusal::from)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_valid_token_is_served_with_what_a_call_needs() {
    for world in World::each().await {
        world.broker.grant_at(in_seconds(-10), Some(in_seconds(3590)));
        let made = world.create(by_code("c1")).await.unwrap();
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.instance_id, made.id);
        assert_eq!(credential.organization_id, 1);
        assert_eq!(credential.element_key, "acme");
        assert_eq!(credential.access_token, "access-token-1-of-the-vendor");
        assert_eq!(credential.version, 1);
        assert_eq!(credential.parameters, crate::world::map([("shop", "one")]));
        assert!(credential.expires_at.unwrap() > credential.refresh_due_at.unwrap());
        assert!(world.broker.vendor().requests().is_empty());
    }
}

#[tokio::test]
async fn a_key_is_served_without_secret_parameters() {
    let world = World::new().await;
    let made = world.create(keyed()).await.unwrap();
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.api_key, "key-of-the-api");
    assert_eq!(
        (credential.access_token.as_str(), credential.expires_at),
        ("", None)
    );
    assert!(!credential.parameters.contains_key("pet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_must_belong_together() {
    for world in World::each().await {
        let world = world.with_their_organization().await;
        let made = world.create(by_code("c1")).await.unwrap();
        let token = made.token.as_str();
        for (user, organization, element, good) in [
            (USER, "", token, true),
            (USER, ORGANIZATION, token, true),
            (USER, ORGANIZATION, "", false),
            (USER, THEIR_ORGANIZATION, token, false),
            (THEIR_USER, "", token, false),
            (THEIR_USER, ORGANIZATION, token, false),
            (USER, "", "another token", false),
            ("", ORGANIZATION, token, false),
        ] {
            let answer = resolve_as(&world, user, organization, element).await;
            let refused = answer.err().map(|refusal| refusal.reason);
            assert_eq!(
                refused,
                (!good).then_some(Reason::Unauthenticated),
                "{user} {organization}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_instance_is_refused_until_it_is_enabled_and_a_deleted_one_for_ever() {
    for world in World::each().await {
        let made = world.create(by_code("c1")).await.unwrap();
        assert!(world.set_enabled(&made, false).await.unwrap().disabled);
        let refusal = world.resolve(&made, None).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::InstanceDisabled);
        assert!(!world.set_enabled(&made, true).await.unwrap().disabled);
        world.resolve(&made, None).await.unwrap();
        delete(&world, ours(), made.id).await.unwrap();
        let refusal = world.resolve(&made, None).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::Unauthenticated);
    }
}

#[tokio::test]
async fn an_element_token_neither_disables_nor_enables() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let request = ferrule_wire::v1::SetEnabledRequest {
        credentials: Some(crate::world::bearer(&made)),
        ..Default::default()
    };
    let refused = world.client.clone().set_enabled(request).await.unwrap_err();
    assert_eq!(Refusal::from(refused).reason, Reason::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_across_an_end_on_two_registries_are_one_refresh() {
    for world in World::each().await {
        let (_second, other) = world.reopened(&world.ring).await;
        let answers = world.broker.vendor().hold_answers();
        let made = ended(&world).await;
        let calls: Vec<_> = (0..200)
            .map(|n| {
                let client = if n % 2 == 0 { &world.client } else { &other }.clone();
                let made = made.clone();
                tokio::spawn(async move { crate::world::resolve(&client, &made, None).await })
            })
            .collect();
        until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
        answers.add_permits(1000);
        for call in calls {
            let credential = call.await.unwrap().unwrap();
            assert_eq!(credential.access_token, "refreshed-access-token-1");
            assert_eq!(credential.version, 2);
        }
        assert_eq!(world.broker.vendor().requests().len(), 1);
        assert!(world.broker.vendor().reused().is_empty());
    }
}

#[tokio::test]
async fn a_token_with_life_left_is_served_while_its_refresh_goes_on_or_fails() {
    let world = World::new().await;
    let answers = world.broker.vendor().hold_answers();
    // Inside the margin: due, and not over.
    world.broker.grant_at(in_seconds(-3590), Some(in_seconds(10)));
    let made = world.create(by_code("c1")).await.unwrap();
    until("a refresh has begun by itself", async || {
        world.broker.vendor().held() == 1
    })
    .await;
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.access_token, "access-token-1-of-the-vendor");
    answers.add_permits(1);
    until("the fresh one is served", async || {
        let credential = world.resolve(&made, None).await.unwrap();
        credential.access_token == "refreshed-access-token-1"
    })
    .await;
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_only_when_it_is_old_enough() {
    let world = World::new().await;
    for (age, lifetime, refreshed) in [
        (31, Some(3600), true),
        (5, Some(3600), false),
        (5, None, false),
        (31, None, true),
        // Half its lifetime.
        (3, Some(8), false),
        (3, Some(5), true),
        // From the future: a clock has jumped.
        (-86_400, Some(3600), true),
    ] {
        let requests = world.broker.vendor().requests().len();
        let end = lifetime.map(|lifetime| in_seconds(lifetime - age));
        world.broker.grant_at(in_seconds(-age), end);
        let code = format!("code {age} {lifetime:?}");
        let made = world.create(by_code(&code)).await.unwrap();
        let fresh = world.resolve(&made, Some(1)).await.unwrap();
        assert_eq!(fresh.version, if refreshed { 2 } else { 1 }, "{code}");
        // Whoever was refused later with the older version gets the newer one.
        let same = world.resolve(&made, Some(1)).await.unwrap();
        assert_eq!(same.version, fresh.version, "{code}");
        let more = world.broker.vendor().requests().len() - requests;
        assert_eq!(more, usize::from(refreshed), "{code}");
    }
}

#[tokio::test]
async fn a_pair_without_a_refresh_token_is_served_until_its_end_and_then_needs_a_login() {
    let world = World::new().await;
    world.broker.without_refresh_tokens();
    world.broker.grant_at(in_seconds(-60), Some(in_seconds(60)));
    let valid = world.create(by_code("c1")).await.unwrap();
    assert_eq!(world.resolve(&valid, Some(1)).await.unwrap().version, 1);
    let over = ended_again(&world).await;
    let refusal = world.resolve(&over, None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
    let shown = world.get(ours(), Some(over.id)).await.unwrap();
    assert_eq!(
        (shown.valid, shown.reason.as_str()),
        (false, "REAUTHORIZATION_REQUIRED")
    );
    assert!(world.broker.vendor().requests().is_empty());
}

async fn ended_again(world: &World) -> ferrule_wire::v1::Instance {
    world.broker.grant_at(in_seconds(-3660), Some(in_seconds(-60)));
    world.create(by_code("c2")).await.unwrap()
}

#[tokio::test]
async fn a_vendor_that_stays_silent_keeps_no_call_longer_than_ten_seconds() {
    let world = World::new().await;
    let _answers = world.broker.vendor().hold_answers();
    let made = ended(&world).await;
    let call = tokio::time::timeout(Duration::from_secs(12), world.resolve(&made, None));
    let refusal = call.await.unwrap().unwrap_err();
    assert_eq!(refusal.reason, Reason::Unavailable);
}
