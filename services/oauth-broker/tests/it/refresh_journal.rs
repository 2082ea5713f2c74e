//! The second copy of a new pair, from the vendor's answer until the registry has the first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ferrule_wire::Reason::{Sealed, Unavailable};

use crate::on_both_stores;
use crate::refreshing::{read_journal, refresh, spend, spend_version};
use crate::world::{World, client, new_ring, reason};

on_both_stores! {
    a_pair_is_kept_before_it_is_told,
    a_pair_waits_also_for_the_next_process,
    a_confirmed_pair_is_erased,
    a_pair_that_the_ring_does_not_open_is_not_asked_for_again,
}

const DAY: i64 = 24 * 3600;

async fn a_pair_is_kept_before_it_is_told(world: World) {
    let request = spend("acme", "token");
    assert_eq!(world.waiting(&request).await, Ok(None));
    let grant = world.refreshed(request.clone()).await;
    assert!(world.keeps(&request));
    assert_eq!(world.waiting(&request).await, Ok(Some(grant)));
    for other in [
        spend_version(2, "acme", "token"),
        spend_version(0, "acme", "token"),
    ] {
        assert_eq!(world.waiting(&other).await, Ok(None));
    }
}

async fn a_pair_waits_also_for_the_next_process(mut world: World) {
    let request = spend("acme", "token");
    let first = world.refreshed(request.clone()).await;
    world.restart().await;
    world.move_clock(6 * DAY);
    assert_eq!(world.waiting(&request).await, Ok(Some(first.clone())));
    assert_eq!(world.refreshed(request).await, first);
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_nobody_confirms_waits_for_seven_days() {
    let world = World::embedded().await;
    let request = spend("acme", "token");
    world.refreshed(request.clone()).await;
    world.move_clock(7 * DAY);
    assert_eq!(world.waiting(&request).await, Ok(None));
}

async fn a_confirmed_pair_is_erased(mut world: World) {
    let request = spend("acme", "token");
    world.refreshed(request.clone()).await;
    for _ in 0..2 {
        world.confirm_refresh(&request).await.unwrap();
        assert_eq!(world.waiting(&request).await, Ok(None));
        world.restart().await;
        assert_eq!(world.waiting(&request).await, Ok(None));
    }
    world
        .confirm_refresh(&spend_version(2, "acme", "token"))
        .await
        .unwrap();
}

async fn a_pair_that_the_ring_does_not_open_is_not_asked_for_again(mut world: World) {
    let request = spend("acme", "token");
    let grant = world.refreshed(request.clone()).await;
    world.restart().await;
    let ring = world.change_ring(Arc::new(new_ring("second")));
    assert_eq!(reason(world.waiting(&request).await), Sealed);
    assert_eq!(reason(refresh(world.client(), request.clone()).await), Sealed);
    world.change_ring(ring);
    assert_eq!(world.refreshed(request).await, grant);
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_brokers_one_finds_what_the_other_kept() {
    let world = World::redis().await;
    let second = world.another_broker().await;
    let request = spend("acme", "token");
    let grant = world.refreshed(request.clone()).await;
    assert_eq!(read_journal(client(&second), &request).await, Ok(Some(grant)));
    world.confirm_refresh(&request).await.unwrap();
    assert_eq!(read_journal(client(&second), &request).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_store_is_away_a_pair_is_told_at_once_and_kept_once_it_is_back() {
    let mut world = World::redis().await;
    world.server().kill();
    let request = spend("acme", "token");
    let begun = Instant::now();
    let told = world.refreshed(request.clone()).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(world.waiting(&request).await, Ok(Some(told.clone())));
    assert_eq!(world.refreshed(request.clone()).await, told);
    world.server().restart();
    world.wait_until_kept(&request);
    world.restart().await;
    assert_eq!(world.refreshed(request).await, told);
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_hangs_keeps_nobody_waiting_for_long() {
    let mut world = World::redis().await;
    let request = spend("acme", "token");
    world.server().command(&["CLIENT", "PAUSE", "8000", "ALL"]);
    let begun = Instant::now();
    let told = world.refreshed(request.clone()).await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    world.wait_until_kept(&request);
    assert_eq!(world.waiting(&request).await, Ok(Some(told)));
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_is_away_is_not_taken_for_an_empty_one() {
    let mut world = World::redis().await;
    world.server().kill();
    assert_eq!(reason(world.waiting(&spend("acme", "token")).await), Unavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_confirmed_while_the_store_was_away_is_not_kept_afterwards() {
    let mut world = World::redis().await;
    world.server().kill();
    let request = spend("acme", "token");
    world.refreshed(request.clone()).await;
    assert_eq!(reason(world.confirm_refresh(&request).await), Unavailable);
    world.server().restart();
    world.restart().await;
    assert_eq!(world.waiting(&request).await, Ok(None));
}
