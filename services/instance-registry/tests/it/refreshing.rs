use std::collections::HashSet;
use std::time::Duration;

use ferrule_instance_registry::store::{InstanceRow, Store};
use ferrule_model::Digest;
use ferrule_wire::Reason;
use ferrule_wire::v1::Instance;

use crate::deleting::delete;
use crate::vendor_double::Behaviour;
use crate::world::{World, by_code, ended, in_seconds, ours, resolve, until};

async fn begin_as_another(store: &Store, row: &InstanceRow) -> bool {
    let begun = store
        .begin_refresh(row, "a process that is gone", Digest::of("the old token"))
        .await;
    begun.unwrap().is_some()
}

/// An instance, not due by itself, whose refresh was begun by a process that is gone; its lease is over.
pub async fn abandoned(world: &World) -> Instance {
    world.broker.grant_at(in_seconds(-60), None);
    let made = world.create(by_code("c1")).await.unwrap();
    let store = world.store().await;
    assert!(begin_as_another(&store, &world.row(&made).await).await);
    store.close().await;
    made
}

pub const LEASE_IS_OVER: &str = "UPDATE instances SET lease_until = 1, refresh_due_at = 1";

pub async fn refreshed(world: &World, made: &Instance, version: i64) {
    until("the pair is fresh", async || {
        world.row(made).await.version == version
    })
    .await;
}

#[tokio::test]
async fn four_second_tokens_are_refreshed_before_they_end() {
    let world = World::new().await;
    world.broker.vendor().live_for(Some(Duration::from_secs(4)));
    world.broker.grant_at(in_seconds(0), Some(in_seconds(4)));
    let made = world.create(by_code("c1")).await.unwrap();
    // Served without a wait, across three ends.
    until("three refreshes are done", async || {
        let credential = world.resolve(&made, None).await.unwrap();
        let left = credential.expires_at.unwrap() - in_seconds(0);
        assert!(left > 0, "version {} has {left} µs left", credential.version);
        credential.version == 4
    })
    .await;
    assert!(world.broker.vendor().reused().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_what_is_due_without_overlap() {
    for world in World::each().await {
        let (_second, _) = world.reopened(&world.ring).await;
        world.broker.grant_at(in_seconds(-3660), Some(in_seconds(-60)));
        for n in 0..50 {
            world.create(by_code(&format!("c{n}"))).await.unwrap();
        }
        let vendor = world.broker.vendor();
        until("all are confirmed", async || vendor.confirmed().len() == 50).await;
        let instances: HashSet<i64> = vendor
            .requests()
            .iter()
            .map(|request| request.instance_id)
            .collect();
        assert_eq!((instances.len(), vendor.requests().len()), (50, 50));
        assert!(vendor.reused().is_empty() && vendor.journal_is_empty());
    }
}

#[tokio::test]
async fn clocks_that_jump_cost_one_refresh() {
    let world = World::new().await;
    world.broker.vendor().live_for(Some(Duration::from_hours(1)));
    let years = 10 * 365 * 86_400;
    for (n, requested_at) in [-years, -7200, years, 3600].into_iter().enumerate() {
        let before = world.broker.vendor().requests().len();
        let end = in_seconds(requested_at + 3600);
        world.broker.grant_at(in_seconds(requested_at), Some(end));
        let made = world.create(by_code(&format!("c{n}"))).await.unwrap();
        for _ in 0..3 {
            let version = world.resolve(&made, Some(1)).await.unwrap().version;
            assert_eq!(version, 2);
        }
        assert_eq!(world.broker.vendor().requests().len(), before + 1);
        let row = world.row(&made).await;
        assert!(row.tokens.refresh_due_at.unwrap().as_microsecond() > in_seconds(3000));
    }
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_keeps_the_old_one() {
    let world = World::new().await;
    world.broker.vendor().keep_refresh_token();
    world.broker.vendor().live_for(Some(Duration::from_hours(1)));
    let made = ended(&world).await;
    refreshed(&world, &made, 2).await;
    let row = world.row(&made).await;
    assert_eq!(row.tokens.scope, "read");
    delete(&world, ours(), made.id).await.unwrap();
    until("the vendor has revoked", async || {
        world.broker.revoked().len() == 1
    })
    .await;
    assert_eq!(world.broker.revoked()[0].token, "refresh-token-1-of-the-vendor");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_journal_is_taken_and_nothing_is_spent() {
    let world = World::on_postgres().await;
    let made = abandoned(&world).await;
    world
        .broker
        .vendor()
        .wait_in_journal(made.id, 1, "refresh-token-1-of-the-vendor");
    world.tamper(LEASE_IS_OVER);
    let (_second, other) = world.reopened(&world.ring).await;
    refreshed(&world, &made, 2).await;
    let credential = resolve(&other, &made, None).await.unwrap();
    assert_eq!(credential.access_token, "refreshed-access-token-1");
    until("the journal is told", async || {
        world.broker.vendor().journal_is_empty()
    })
    .await;
    assert!(world.broker.vendor().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_intent_with_an_empty_journal_is_tried_again_and_waits_for_a_journal_that_is_away() {
    let world = World::on_postgres().await;
    world.broker.vendor().set_journal_away(true);
    let made = abandoned(&world).await;
    world.tamper(LEASE_IS_OVER);
    let (_second, _) = world.reopened(&world.ring).await;
    until("the journal was asked in vain", async || {
        world.row(&made).await.failures > 0
    })
    .await;
    assert!(world.row(&made).await.intent.is_some());
    assert!(world.broker.vendor().requests().is_empty());

    world.broker.vendor().set_journal_away(false);
    refreshed(&world, &made, 2).await;
    let requests = world.broker.vendor().requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].refresh_token, "refresh-token-1-of-the-vendor");
    assert_eq!(requests[0].api_secret, crate::world::CLIENT_SECRET);
    assert_eq!((requests[0].version, requests[0].scope.as_str()), (1, "read"));
}

#[tokio::test]
async fn leases_of_an_earlier_process_are_void_at_the_start_on_sqlite() {
    let world = World::new().await;
    let made = abandoned(&world).await;
    assert!(world.row(&made).await.lease_owner.is_some());
    let (_second, _) = world.reopened(&world.ring).await;
    refreshed(&world, &made, 2).await;
}

#[tokio::test]
async fn a_broker_that_dies_after_its_journal_loses_nothing() {
    let world = World::new().await;
    world.broker.vendor().script([Behaviour::BrokerLost]);
    let made = ended(&world).await;
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.access_token, "refreshed-access-token-1");
    assert_eq!(world.broker.vendor().requests().len(), 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_for_ever_ends_in_a_typed_error() {
    let world = World::new().await;
    world.broker.vendor().script([Behaviour::AnswerLost]);
    let made = ended(&world).await;
    let refusal = world.resolve(&made, None).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::ReauthorizationRequired);
    assert!(refusal.message.contains("log in again"));
    assert_eq!(refusal.provider_message.as_deref(), Some("invalid_grant"));
    // One lost, one that found out, and none after the verdict.
    world.resolve(&made, Some(1)).await.unwrap_err();
    assert_eq!(world.broker.vendor().requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_kept_however_long_the_database_refuses_it() {
    let world = World::on_postgres().await;
    let answers = world.broker.vendor().hold_answers();
    let made = ended(&world).await;
    until("the vendor is asked", async || world.broker.vendor().held() == 1).await;
    world.tamper("ALTER TABLE instances RENAME TO instances_away");
    answers.add_permits(1);
    until("the answer is here", async || world.broker.vendor().held() == 0).await;
    assert!(!world.broker.vendor().journal_is_empty());
    world.tamper("ALTER TABLE instances_away RENAME TO instances");
    refreshed(&world, &made, 2).await;
    until("the journal is told", async || {
        world.broker.vendor().journal_is_empty()
    })
    .await;
    assert_eq!(world.broker.vendor().requests().len(), 1);
}

#[tokio::test]
async fn a_confirmation_that_is_lost_harms_nothing() {
    let world = World::new().await;
    world.broker.vendor().lose_confirmations(2);
    let made = ended(&world).await;
    refreshed(&world, &made, 2).await;
    let credential = world.resolve(&made, None).await.unwrap();
    assert_eq!(credential.version, 2);
    assert_eq!(world.broker.vendor().requests().len(), 1);
}

#[tokio::test]
async fn a_disabled_instance_is_not_refreshed_until_it_is_enabled() {
    let world = World::new().await;
    world.broker.grant_at(in_seconds(-3594), Some(in_seconds(6)));
    world.broker.vendor().script([crate::vendor_double::verdict(
        ferrule_wire::v1::verdict::Kind::Throttled,
        Some(1_000),
    )]);
    let made = world.create(by_code("c1")).await.unwrap();
    until("the vendor asks to wait", async || {
        world.row(&made).await.failures == 1
    })
    .await;
    world.set_enabled(&made, false).await.unwrap();
    let due = world.row(&made).await.tokens.refresh_due_at.unwrap();
    until("the wait is over", async || {
        due.as_microsecond() + 500_000 < in_seconds(0)
    })
    .await;
    assert_eq!(world.broker.vendor().requests().len(), 1);
    world.set_enabled(&made, true).await.unwrap();
    refreshed(&world, &made, 2).await;
}
