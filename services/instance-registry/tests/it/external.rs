//! externalAuthentication "initial": the caller logged in by itself and brings its tokens.

use ferrule_wire::v1::Instance;
use ferrule_wire::{Reason, Refusal};

use crate::world::{
    CLIENT_SECRET, World, by_code, change, code, contains, dump, ended, external, in_seconds, map, ours,
    until,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_is_spent_at_once_and_becomes_an_instance_like_any_other() {
    for world in World::each().await {
        world.broker.grant_at(in_seconds(-3660), Some(in_seconds(-60)));
        let made = world.create(external("brought-from-elsewhere")).await.unwrap();
        assert!(made.external_authentication && made.valid);
        assert!(!made.configuration.contains_key("oauth.user.refresh_token"));
        let asked = world.broker.exchanged().remove(0);
        assert_eq!(asked.refresh_token, "brought-from-elsewhere");
        assert_eq!(asked.api_secret, CLIENT_SECRET);
        assert_eq!(asked.digest.len(), 32);
        assert_eq!(asked.parameters, map([("shop", "one")]));
        assert_eq!(world.broker.confirmations(), 1);
        let read = world.get(ours(), Some(made.id)).await.unwrap();
        // Its tokens may have been renewed meanwhile.
        let told = |instance: Instance| {
            (
                instance.id,
                instance.token,
                instance.configuration,
                instance.valid,
            )
        };
        assert_eq!(told(read), told(made.clone()));
        // From then on the pair that came of it is refreshed.
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "refreshed-access-token-1");
        assert_eq!(
            world.broker.vendor().requests()[0].refresh_token,
            "refresh-token-1-of-the-vendor"
        );
        world.registry.close().await;
        let bytes = dump(world.folder.path());
        assert!(!contains(&bytes, "brought-from-elsewhere"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_refresh_token_is_the_same_instance_for_ever() {
    for world in World::each().await {
        let (one, two) = tokio::join!(world.create(external("t")), world.create(external("t")));
        let made = one.unwrap();
        assert_eq!(two.unwrap(), made);
        assert_eq!(world.create(external("t")).await.unwrap(), made);
        assert_eq!(world.broker.token_requests(), 1);
        assert_ne!(world.create(external("u")).await.unwrap().id, made.id);
        crate::deleting::delete(&world, crate::world::ours(), made.id)
            .await
            .unwrap();
        let refusal = world.create(external("t")).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::CodeSpent);
    }
}

#[tokio::test]
async fn what_is_missing_is_named_and_a_refused_token_leaves_no_instance() {
    let world = World::new().await;
    let mut nothing = external("t");
    nothing.configuration = map([]);
    let mut no_shop = external("t");
    no_shop.configuration.remove("shop");
    for (request, words) in [
        (nothing, "Missing: oauth.api.key, oauth.user.refresh_token."),
        (no_shop, "parameter 'shop' (Shop) is missing."),
        (
            external("bad\ntoken"),
            "A token under oauth.user holds a control character.",
        ),
    ] {
        let refusal = world.create(request).await.unwrap_err();
        assert_eq!(refusal, Refusal::new(Reason::InvalidRequest, words));
    }
    assert!(world.broker.exchanged().is_empty());
    let refusal = Refusal::new(Reason::VendorRejected, "no").with_provider_message("invalid_grant");
    world.broker.refuse(Some(refusal.clone()));
    assert_eq!(world.create(external("t")).await.unwrap_err(), refusal);
    world.broker.refuse(None);
    assert!(world.create(external("t")).await.is_ok());
}

#[tokio::test]
async fn an_access_token_that_is_known_to_be_good_is_kept_and_nobody_is_asked() {
    let world = World::new().await;
    let mut request = external("t");
    request
        .configuration
        .extend(map([("oauth.user.token", "still-good"), ("expires_in", "3600")]));
    let made = world.create(request.clone()).await.unwrap();
    assert_eq!(world.broker.token_requests(), 0);
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.access_token, "still-good");
    assert!(credential.refresh_due_at.is_some());
    assert_eq!(world.create(request).await.unwrap(), made);
    let row = world.row(&made).await;
    assert!(row.tokens.refresh_token.is_some() && row.external_authentication);
}

#[tokio::test]
async fn of_a_vendor_without_refresh_tokens_the_access_token_is_enough() {
    let world = World::new().await;
    let mut request = external("");
    request
        .configuration
        .insert("oauth.user.token".into(), "for-ever".into());
    let made = world.create(request).await.unwrap();
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(
        (credential.access_token.as_str(), credential.expires_at),
        ("for-ever", None)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_registry_died_waits_for_the_repeat() {
    for world in World::each().await {
        let gate = world.broker.hold_replies();
        let (client, request) = (world.client.clone(), external("t"));
        let lost = tokio::spawn(async move { crate::world::create(&client, request).await });
        until("the answer is there", async || world.broker.waiting() == 1).await;
        lost.abort();
        world.broker.reply_at_once();
        let (_registry, client) = world.reopened(&world.ring).await;
        let made = crate::world::create(&client, external("t")).await.unwrap();
        assert_eq!(world.broker.token_requests(), 1);
        gate.add_permits(1);
        until("the first call lands", async || world.broker.confirmations() >= 2).await;
        assert_eq!(crate::world::create(&client, external("t")).await.unwrap(), made);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_lost_its_tokens_takes_others_from_elsewhere_and_keeps_id_and_token() {
    for world in World::each().await {
        let made = ended(&world).await;
        world.broker.grant_at(in_seconds(0), Some(in_seconds(3600)));
        let mut again = change(&made);
        again.external_authentication = true;
        again.configuration = map([("oauth.user.refresh_token", "newer")]);
        let shown = world.update(again.clone()).await.unwrap();
        assert_eq!((shown.id, &shown.token), (made.id, &made.token));
        assert!(!shown.configuration.contains_key("oauth.user.refresh_token"));
        assert_eq!(world.update(again).await.unwrap().id, made.id);
        assert_eq!(world.broker.token_requests(), 2);
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "access-token-2-of-the-vendor");
        let refusal = world.create(external("newer")).await;
        assert_eq!(refusal.unwrap().id, made.id, "it is this instance's");
    }
}

#[tokio::test]
async fn a_code_logs_an_external_instance_in_again() {
    let world = World::new().await;
    let made = world.create(external("t")).await.unwrap();
    let mut again = change(&made);
    again.provider_data = Some(code("c"));
    again.configuration = map([("oauth.callback.url", "https://app.test/callback")]);
    let shown = world.update(again).await.unwrap();
    assert_eq!((shown.id, shown.external_authentication), (made.id, true));
    assert!(!world.create(by_code("d")).await.unwrap().external_authentication);
}
