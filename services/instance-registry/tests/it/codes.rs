use std::collections::HashSet;

use ferrule_seal::KeyRing;
use ferrule_wire::v1::{CreateInstanceRequest, ListInstancesRequest};
use ferrule_wire::{Reason, RegistryClient};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::broker_double::BrokerDouble;
use crate::world::{World, by_code, create, open, ours, theirs, until};

async fn count(client: &RegistryClient) -> i64 {
    let request = ListInstancesRequest {
        credentials: Some(ours()),
        ..ListInstancesRequest::default()
    };
    client
        .clone()
        .list_instances(request)
        .await
        .unwrap()
        .into_inner()
        .total
}

#[tokio::test]
async fn the_same_code_gives_the_same_instance_for_ever() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    assert_eq!(world.create(by_code("c1")).await.unwrap(), made);
    let (_registry, client) = world.reopened(&world.ring).await;
    assert_eq!(create(&client, by_code("c1")).await.unwrap(), made);
    assert_eq!(world.broker.token_requests(), 1);
    assert_eq!(world.broker.exchanged().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_with_one_code_get_one_instance() {
    let world = World::new().await;
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        let client = world.client.clone();
        calls.spawn(async move { create(&client, by_code("c1")).await });
    }
    let answers = calls.join_all().await;
    let ids: HashSet<i64> = answers.iter().map(|answer| answer.as_ref().unwrap().id).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(world.broker.token_requests(), 1);
    assert_eq!(count(&world.client).await, 1);
}

#[tokio::test]
async fn a_code_of_another_client_or_organization_is_another_code() {
    let world = World::new().await.with_their_organization().await;
    let mut other_client = by_code("c1");
    other_client
        .configuration
        .insert("oauth.api.key".into(), "another-client".into());
    let theirs = CreateInstanceRequest {
        credentials: Some(theirs()),
        ..by_code("c1")
    };
    let mut ids = HashSet::new();
    for request in [by_code("c1"), other_client, theirs] {
        ids.insert(world.create(request).await.unwrap().id);
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn a_lost_confirmation_is_sent_again_and_fails_nothing() {
    let world = World::new().await;
    world.broker.lose_confirmations(1);
    world.create(by_code("c1")).await.unwrap();
    assert_eq!(world.broker.confirmations(), 1);

    world.broker.lose_confirmations(2);
    let made = world.create(by_code("c2")).await.unwrap();
    assert_eq!(world.broker.confirmations(), 1);
    assert_eq!(world.create(by_code("c2")).await.unwrap(), made);
}

#[test]
fn a_registry_that_dies_between_answer_and_commit_loses_no_token() {
    let folder = TempDir::new().unwrap();
    let ring = KeyRing::generate(&ferrule_model::Chance::system(), "k1");
    let broker = BrokerDouble::default();
    broker.hold_replies();

    let first_process = Runtime::new().unwrap();
    first_process.block_on(async {
        let (_registry, client) = open(folder.path(), &ring, &broker).await;
        tokio::spawn(async move { create(&client, by_code("c1")).await });
        until("the vendor has answered", async || broker.waiting() == 1).await;
    });
    first_process.shutdown_background();
    broker.reply_at_once();

    Runtime::new().unwrap().block_on(async {
        let (_registry, client) = open(folder.path(), &ring, &broker).await;
        assert_eq!(count(&client).await, 0);
        create(&client, by_code("c1")).await.unwrap();
        assert_eq!(count(&client).await, 1);
    });
    assert_eq!(broker.token_requests(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_nothing() {
    let world = World::new().await;
    let gate = world.broker.hold_replies();
    let client = world.client.clone();
    let call = tokio::spawn(async move { create(&client, by_code("c1")).await });
    until("the vendor has answered", async || world.broker.waiting() == 1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    until("the instance is there", async || count(&world.client).await == 1).await;
    until("the broker knows", async || world.broker.confirmations() == 1).await;
}

#[tokio::test]
async fn stopping_waits_for_what_is_under_way() {
    let world = World::new().await;
    let gate = world.broker.hold_replies();
    let client = world.client.clone();
    let call = tokio::spawn(async move { create(&client, by_code("c1")).await });
    until("the vendor has answered", async || world.broker.waiting() == 1).await;
    let registry = world.registry.clone();
    let closing = tokio::spawn(async move { registry.close().await });
    gate.add_permits(1);
    closing.await.unwrap();
    assert!(call.await.unwrap().is_ok());
}

#[tokio::test]
async fn the_code_of_a_deleted_instance_stays_spent() {
    let world = World::new().await;
    let made = world.create(by_code("c1")).await.unwrap();
    crate::deleting::delete(&world, ours(), made.id).await.unwrap();
    let refusal = world.create(by_code("c1")).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::CodeSpent);
    assert_eq!(world.broker.token_requests(), 1);
}
