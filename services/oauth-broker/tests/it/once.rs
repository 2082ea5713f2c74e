//! One code, one token request.

use std::time::Duration;

use ferrule_oauth_broker::Broker;
use ferrule_testkit::Scripted;
use ferrule_wire::v1::ExchangeRequest;
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::{Reason, Refusal};
use serde_json::json;
use tokio::task::JoinSet;

use crate::on_both_stores;
use crate::requests::{API_KEY, API_SECRET, bring, claim, own, parameter};
use crate::world::{BEGINNING, World, blocking, client, exchange, granted, reason};

on_both_stores! {
    a_hosted_login_and_a_code_alone_become_tokens,
    of_64_calls_at_once_one_sends_and_all_get_its_tokens,
    an_answer_is_told_again_also_by_the_next_process,
    a_confirmed_exchange_is_not_told_again,
    a_refusal_is_told_again,
    of_two_codes_for_one_state_one_is_exchanged,
}

async fn a_hosted_login_and_a_code_alone_become_tokens(world: World) {
    let state = world.attached("acme", "hosted").await;
    for request in [claim("acme", &state), bring("acme", "alone", "")] {
        let grant = world.granted(request).await;
        assert!(grant.access_token.starts_with("access-of-the-scripted-vendor"));
        assert!(grant.refresh_token.starts_with("refresh-of-the-scripted-vendor"));
        assert_eq!(grant.requested_at, BEGINNING * 1_000_000);
        assert_eq!(grant.expires_at, Some((BEGINNING + 3600) * 1_000_000));
        assert_eq!(grant.scope, "read write");
        assert_eq!(grant.api_key, API_KEY);
        assert_eq!(grant.api_secret, API_SECRET);
    }
}

/// All of them in one go, from each broker in turn.
async fn at_once(brokers: &[&Broker], request: &ExchangeRequest) -> Vec<Result<Outcome, Refusal>> {
    let mut calls = JoinSet::new();
    for broker in brokers.iter().cycle().take(64) {
        calls.spawn(exchange(client(broker), request.clone()));
    }
    calls.join_all().await
}

async fn one_token_request(world: &World, brokers: &[&Broker], request: &ExchangeRequest) {
    let before = world.token_requests();
    let mut tokens: Vec<String> = at_once(brokers, request)
        .await
        .into_iter()
        .map(|outcome| granted(outcome).access_token)
        .collect();
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all get the same tokens");
    assert_eq!(world.token_requests() - before, 1);
}

async fn of_64_calls_at_once_one_sends_and_all_get_its_tokens(world: World) {
    let state = world.attached("acme", "hosted").await;
    for request in [claim("acme", &state), bring("acme", "alone", "")] {
        one_token_request(&world, &[world.broker()], &request).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_calls_through_two_brokers_one_sends_and_all_get_its_tokens() {
    let world = World::redis().await;
    let second = world.another_broker().await;
    let state = world.attached("acme", "hosted").await;
    for request in [claim("acme", &state), bring("acme", "alone", "")] {
        one_token_request(&world, &[world.broker(), &second], &request).await;
    }
}

async fn an_answer_is_told_again_also_by_the_next_process(mut world: World) {
    let state = world.attached("acme", "hosted").await;
    for request in [claim("acme", &state), bring("acme", "alone", "")] {
        let first = world.granted(request.clone()).await;
        assert_eq!(world.granted(request.clone()).await, first);
        world.restart().await;
        // The handshake is long over by then.
        world.move_clock(6 * 24 * 3600);
        assert_eq!(world.granted(request).await, first);
        world.move_clock(-6 * 24 * 3600);
    }
    assert_eq!(world.token_requests(), 2);
}

async fn a_confirmed_exchange_is_not_told_again(mut world: World) {
    let state = world.attached("acme", "the-code").await;
    let request = claim("acme", &state);
    world.granted(request.clone()).await;
    for _ in 0..2 {
        world.confirm(&request).await;
        world.restart().await;
        assert!(matches!(
            world.exchange(request.clone()).await,
            Ok(Outcome::Confirmed(_))
        ));
    }
    assert_eq!(world.token_requests(), 1);
}

async fn a_refusal_is_told_again(mut world: World) {
    let no = json!({"error": "invalid_grant", "error_description": "too old"});
    world.vendor.script(Scripted::json(400, &no));
    let request = bring("acme", "the-code", "");
    let refusal = world.exchange(request.clone()).await.unwrap_err();
    assert_eq!(refusal.reason, Reason::VendorRejected);
    assert_eq!(
        refusal.provider_message.as_deref(),
        Some("invalid_grant: too old")
    );
    world.restart().await;
    assert_eq!(world.exchange(request).await.unwrap_err(), refusal);
    assert_eq!(world.token_requests(), 1);
}

async fn of_two_codes_for_one_state_one_is_exchanged(world: World) {
    let url = world.authorize(own("acme")).await.unwrap().oauth_url;
    let state = parameter(&url, "state").unwrap();
    let held = world.vendor.hold();
    let first = tokio::spawn(exchange(world.client(), bring("acme", "first", &state)));
    blocking(|| world.vendor.wait_for_requests("/token", 1));
    let second = world.exchange(bring("acme", "second", &state)).await;
    assert_eq!(reason(second), Reason::CodeSpent);
    drop(held);
    granted(first.await.unwrap());
    assert_eq!(world.token_requests(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_waits_for_the_call_that_came_first() {
    let world = World::redis().await;
    let held = world.vendor.hold();
    let request = bring("acme", "the-code", "");
    let first = tokio::spawn(exchange(world.client(), request.clone()));
    blocking(|| world.vendor.wait_for_requests("/token", 1));
    let mut second = tokio::spawn(exchange(world.client(), request));
    let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    assert!(early.is_err(), "there is nothing to tell yet");
    drop(held);
    assert_eq!(granted(first.await.unwrap()), granted(second.await.unwrap()));
    assert_eq!(world.token_requests(), 1);
}
