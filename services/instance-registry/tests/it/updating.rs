use ferrule_model::{InstanceId, MASK, OrganizationId};
use ferrule_wire::Reason;
use ferrule_wire::v1::UpdateInstanceRequest;

use crate::world::{World, by_code, change, code, keyed, map, ours};

#[tokio::test]
async fn only_what_is_sent_changes() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let renamed = UpdateInstanceRequest {
        name: Some("<b>New</b>".into()),
        tags: vec!["ignored".into()],
        ..change(&made)
    };
    let renamed = world.update(renamed).await.unwrap();
    assert_eq!(renamed.name, "New");
    assert_eq!(renamed.tags, made.tags);
    let retagged = UpdateInstanceRequest {
        tags: vec!["a".into(), "b".into()],
        replace_tags: true,
        ..change(&made)
    };
    let retagged = world.update(retagged).await.unwrap();
    assert_eq!((retagged.name.as_str(), retagged.tags.len()), ("New", 2));
    assert_eq!(
        (retagged.id, retagged.token, retagged.configuration),
        (made.id, made.token, made.configuration)
    );
}

#[tokio::test]
async fn masked_values_are_ignored_and_others_merged() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let mut configuration = made.configuration.clone();
    configuration.insert("note".into(), "hello".into());
    configuration.insert("password".into(), "hunter2".into());
    let changed = UpdateInstanceRequest {
        configuration,
        ..change(&made)
    };
    let changed = world.update(changed).await.unwrap();
    assert_eq!(changed.configuration["note"], "hello");
    assert_eq!(changed.configuration["password"], MASK);
    assert_eq!(changed.configuration["shop"], "one");

    // The client's secret is still the one that was given first: a new code is exchanged with it.
    let again = UpdateInstanceRequest {
        provider_data: Some(code("c2")),
        ..change(&made)
    };
    world.update(again).await.unwrap();
    let asked = world.broker.exchanged().pop().unwrap();
    assert_eq!(asked.api_secret, crate::world::CLIENT_SECRET);
    assert_eq!(asked.parameters["password"], "hunter2");
}

#[tokio::test]
async fn a_new_code_brings_a_new_pair_and_keeps_id_and_token() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    let request = UpdateInstanceRequest {
        name: Some("Again".into()),
        configuration: map([("shop", "two"), ("oauth.api.key", "another-client")]),
        provider_data: Some(code("c2")),
        ..change(&made)
    };
    let again = world.update(request.clone()).await.unwrap();
    assert_eq!((again.id, &again.token), (made.id, &made.token));
    assert_eq!(
        (again.name.as_str(), again.configuration["shop"].as_str()),
        ("Again", "two")
    );
    let asked = world.broker.exchanged().pop().unwrap();
    assert_eq!(
        (asked.api_key.as_str(), asked.parameters["shop"].as_str()),
        ("another-client", "two")
    );
    let row = world
        .store()
        .await
        .by_id(OrganizationId(1), InstanceId(made.id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.version, 2);

    // The same call again: the code was used for this instance, nothing is exchanged.
    assert_eq!(world.update(request).await.unwrap(), again);
    assert_eq!(world.broker.token_requests(), 2);
    assert_eq!(world.broker.confirmations(), 2);
}

#[tokio::test]
async fn a_code_of_another_or_a_deleted_instance_is_spent() {
    let world = World::new().await;
    let one = world.create(by_code("c1")).await.unwrap();
    let two = world.create(by_code("c2")).await.unwrap();
    let with_the_others_code = UpdateInstanceRequest {
        provider_data: Some(code("c1")),
        ..change(&two)
    };
    let refusal = world.update(with_the_others_code.clone()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::CodeSpent);
    crate::deleting::delete(&world, ours(), one.id).await.unwrap();
    let refusal = world.update(with_the_others_code).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::CodeSpent);
    assert_eq!(world.broker.token_requests(), 2);
}

#[tokio::test]
async fn another_address_or_client_needs_a_new_code_in_the_same_call() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    for configuration in [
        map([("shop", "two")]),
        map([("siteAddress", "two")]),
        map([("oauth.api.key", "another-client")]),
    ] {
        let moved = UpdateInstanceRequest {
            configuration,
            ..change(&made)
        };
        let refusal = world.update(moved).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::InvalidRequest);
        assert_eq!(
            refusal.message,
            "Changing oauth.api.key or shop needs a new login: send providerData with a new code in the same call."
        );
    }
    // The code that made the instance is no new one.
    let with_the_old_code = UpdateInstanceRequest {
        configuration: map([("shop", "two")]),
        provider_data: Some(code("c1")),
        ..change(&made)
    };
    let refusal = world.update(with_the_old_code).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidRequest);
    assert_eq!(world.broker.token_requests(), 1);
    assert_eq!(
        world.get(ours(), Some(made.id)).await.unwrap().configuration["shop"],
        "one"
    );
}

#[tokio::test]
async fn a_code_for_a_connector_without_a_login_is_refused() {
    let world = World::new().await;
    let made = world.create(keyed()).await.unwrap();
    let request = UpdateInstanceRequest {
        provider_data: Some(code("c1")),
        ..change(&made)
    };
    let refusal = world.update(request).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::InvalidRequest);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_at_once_are_all_kept() {
    let world = World::new().await;
    let made = world.create(keyed()).await.unwrap();
    let change_one = |name: &str| UpdateInstanceRequest {
        configuration: map([(name, "kept")]),
        ..change(&made)
    };
    let (a, b, c) = tokio::join!(
        world.update(change_one("a")),
        world.update(change_one("b")),
        world.update(change_one("c")),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    let configuration = world.get(ours(), Some(made.id)).await.unwrap().configuration;
    assert!(
        ["a", "b", "c"]
            .iter()
            .all(|name| configuration.contains_key(*name))
    );
}
