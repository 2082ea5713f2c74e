//! What a vendor has answered is kept, whatever dies meanwhile.

use std::time::Duration;

use ferrule_wire::Refusal;
use ferrule_wire::v1::ExchangeRequest;
use ferrule_wire::v1::exchange_response::Outcome;
use tokio::task::JoinHandle;

use crate::on_both_stores;
use crate::requests::{bring, claim};
use crate::world::{World, blocking, exchange, granted};

on_both_stores! {
    an_answer_is_kept_though_its_caller_went_away,
    a_broker_that_stops_finishes_what_it_sent,
}

/// A call that has reached the vendor, which does not answer yet.
fn under_way(world: &World, request: &ExchangeRequest) -> JoinHandle<Result<Outcome, Refusal>> {
    let call = tokio::spawn(exchange(world.client(), request.clone()));
    blocking(|| world.vendor.wait_for_requests("/token", 1));
    call
}

async fn an_answer_is_kept_though_its_caller_went_away(world: World) {
    let held = world.vendor.hold();
    let state = world.attached("acme", "the-code").await;
    let request = claim("acme", &state);
    under_way(&world, &request).abort();
    drop(held);
    world.granted(request).await;
    assert_eq!(world.token_requests(), 1);
}

async fn a_broker_that_stops_finishes_what_it_sent(mut world: World) {
    let held = world.vendor.hold();
    let request = bring("acme", "the-code", "");
    under_way(&world, &request).abort();
    drop(held);
    world.restart().await;
    world.granted(request).await;
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_the_store_cannot_take_is_told_and_kept_once_it_is_back() {
    let mut world = World::redis().await;
    let held = world.vendor.hold();
    let request = bring("acme", "the-code", "");
    let call = under_way(&world, &request);
    world.server().kill();
    drop(held);
    let told = tokio::time::timeout(Duration::from_secs(5), call).await;
    let told = granted(told.unwrap().unwrap());
    world.server().restart();
    let key = format!("exchange:{}", ferrule_model::Digest::of("the-code").to_hex());
    let there = || world_has(&world, &key);
    blocking(|| ferrule_testkit::wait_until("the answer is kept", Duration::from_secs(20), there));
    assert_eq!(world.granted(request).await, told);
    assert_eq!(world.token_requests(), 1);
}

fn world_has(world: &World, key: &str) -> bool {
    String::from_utf8_lossy(&world.dump()).contains(key)
}
