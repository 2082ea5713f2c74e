use std::time::{Duration, Instant};

use ferrule_wire::Reason;
use ferrule_wire::v1::UpdateInstanceRequest;
use ferrule_wire::v1::verdict::Kind;

use crate::refreshing::{LEASE_IS_OVER, abandoned, refreshed};
use crate::vendor_double::verdict;
use crate::world::{World, by_code, change, code, ended, in_seconds, ours, resolve};

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_refuses_a_good_token_once_costs_nobody_their_connection() {
    for world in World::each().await {
        world
            .broker
            .vendor()
            .script([verdict(Kind::ReauthorizationRequired, None)]);
        let made = ended(&world).await;
        let credential = world.resolve(&made, None).await.unwrap();
        assert_eq!(credential.access_token, "refreshed-access-token-1");
        assert_eq!(world.broker.vendor().requests().len(), 2);
        let shown = world.get(ours(), Some(made.id)).await.unwrap();
        assert_eq!((shown.valid, world.row(&made).await.failures), (true, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vendor_that_stays_by_its_word_is_asked_twice_and_never_again() {
    for world in World::each().await {
        let dead = || verdict(Kind::ReauthorizationRequired, None);
        world.broker.vendor().script([dead(), dead()]);
        let made = ended(&world).await;
        for _ in 0..3 {
            let refusal = world.resolve(&made, None).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
        }
        assert_eq!(world.broker.vendor().requests().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_earlier_answer_is_unknown_the_vendor_is_believed_at_once() {
    let world = World::on_postgres().await;
    let made = abandoned(&world).await;
    let dead = || verdict(Kind::ReauthorizationRequired, None);
    world.broker.vendor().script([dead()]);
    world.tamper(LEASE_IS_OVER);
    let refusal = world.resolve(&made, Some(1)).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
    assert_eq!(world.broker.vendor().requests().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_of_a_dead_connection_is_remembered_by_every_registry_until_a_login() {
    for world in World::each().await {
        let dead = || verdict(Kind::ReauthorizationRequired, None);
        world.broker.vendor().script([dead(), dead()]);
        world.broker.grant_at(in_seconds(-3596), Some(in_seconds(86_400)));
        let made = world.create(by_code("c1")).await.unwrap();
        let (_second, other) = world.reopened(&world.ring).await;
        // Served while it is valid; then the vendor refuses it.
        assert_eq!(world.resolve(&made, None).await.unwrap().version, 1);
        let refusal = world.resolve(&made, Some(1)).await.unwrap_err();
        assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
        for client in [&world.client, &other] {
            let refusal = resolve(client, &made, None).await.unwrap_err();
            assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
        }
        world.broker.grant_at(in_seconds(0), Some(in_seconds(3600)));
        let login = UpdateInstanceRequest {
            provider_data: Some(code("c2")),
            ..change(&made)
        };
        world.update(login).await.unwrap();
        assert_eq!(resolve(&other, &made, None).await.unwrap().version, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_process_that_is_gone_was_answered_is_taken_before_its_lease_is_over() {
    for world in World::each().await {
        let made = abandoned(&world).await;
        world
            .broker
            .vendor()
            .wait_in_journal(made.id, 1, "refresh-token-1-of-the-vendor");
        let credential = world.resolve(&made, Some(1)).await.unwrap();
        assert_eq!(credential.access_token, "refreshed-access-token-1");
        assert!(world.broker.vendor().requests().is_empty());
        refreshed(&world, &made, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_gone_blocks_nothing_that_it_had_only_queued() {
    let world = World::on_postgres().await;
    world.broker.grant_at(in_seconds(-60), Some(in_seconds(86_400)));
    let made = world.create(by_code("c1")).await.unwrap();
    world.tamper(
        "UPDATE instances SET lease_owner = 'a process that is gone',
             lease_until = EXTRACT(EPOCH FROM now()) * 1000000 + 60000000,
             refresh_due_at = EXTRACT(EPOCH FROM now()) * 1000000 + 60000000",
    );
    let begun = Instant::now();
    let credential = world.resolve(&made, Some(1)).await.unwrap();
    assert_eq!(credential.version, 2);
    assert_eq!(world.broker.vendor().requests().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
