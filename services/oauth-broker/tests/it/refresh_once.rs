//! One pair, one token request, whoever asks and whoever goes away.

use ferrule_wire::Refusal;
use ferrule_wire::v1::RefreshRequest;
use ferrule_wire::v1::refresh_response::Outcome;
use tokio::task::{JoinHandle, JoinSet};

use crate::on_both_stores;
use crate::refreshing::{pair, refresh, spend, spend_version};
use crate::requests::INSTANCE;
use crate::world::{World, blocking};

on_both_stores! {
    of_64_calls_at_once_one_asks_and_all_get_its_pair,
    other_pairs_are_other_refreshes,
    an_answer_is_kept_though_its_caller_went_away,
    a_broker_that_stops_finishes_what_it_sent,
}

/// A call that has reached the vendor, which does not answer yet.
fn under_way(world: &World, request: &RefreshRequest) -> JoinHandle<Result<Outcome, Refusal>> {
    let call = tokio::spawn(refresh(world.client(), request.clone()));
    blocking(|| world.vendor.wait_for_requests("/token", 1));
    call
}

async fn of_64_calls_at_once_one_asks_and_all_get_its_pair(world: World) {
    let request = spend("acme", "token");
    let mut calls = JoinSet::new();
    for _ in 0..64 {
        calls.spawn(refresh(world.client(), request.clone()));
    }
    let mut pairs: Vec<String> = calls
        .join_all()
        .await
        .into_iter()
        .map(|outcome| pair(outcome).refresh_token)
        .collect();
    pairs.dedup();
    assert_eq!(pairs.len(), 1, "all get the same pair");
    assert_eq!(world.token_requests(), 1);
}

async fn other_pairs_are_other_refreshes(world: World) {
    let other = RefreshRequest {
        instance_id: INSTANCE + 1,
        ..spend("acme", "of another instance")
    };
    let held = world.vendor.hold();
    let mut calls = JoinSet::new();
    for request in [spend("acme", "first"), spend_version(2, "acme", "second"), other] {
        calls.spawn(refresh(world.client(), request));
    }
    blocking(|| world.vendor.wait_for_requests("/token", 3));
    drop(held);
    let mut tokens: Vec<String> = calls
        .join_all()
        .await
        .into_iter()
        .map(|outcome| pair(outcome).access_token)
        .collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 3);
}

async fn an_answer_is_kept_though_its_caller_went_away(world: World) {
    let held = world.vendor.hold();
    let request = spend("acme", "token");
    under_way(&world, &request).abort();
    drop(held);
    world.wait_until_kept(&request);
    let waiting = world.waiting(&request).await.unwrap();
    assert_eq!(waiting, Some(world.refreshed(request).await));
    assert_eq!(world.token_requests(), 1);
}

async fn a_broker_that_stops_finishes_what_it_sent(mut world: World) {
    let held = world.vendor.hold();
    let request = spend("acme", "token");
    under_way(&world, &request).abort();
    drop(held);
    world.restart().await;
    assert!(world.waiting(&request).await.unwrap().is_some());
    assert_eq!(world.token_requests(), 1);
}
