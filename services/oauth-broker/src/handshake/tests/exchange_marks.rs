//! What a mark tells to whom.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::on_both_stores;
use super::world::{World, exchange};
use crate::handshake::*;

on_both_stores! {
    of_64_concurrent_starts_one_may_send_the_request,
    a_loser_waits_for_the_winners_answer,
    a_repeat_gets_the_same_refusal,
    a_confirmed_answer_is_erased_and_its_mark_stays,
    an_abandoned_exchange_can_start_again,
    an_exchange_without_an_answer_in_time_is_unknown_for_good,
    what_may_be_sent_again_is_once_nobody_is_at_it,
    an_answer_is_kept_though_its_mark_was_lost,
    a_wait_ends_at_its_time,
}

pub(super) fn granted() -> Outcome {
    Outcome::Granted(Box::new(Grant {
        access_token: "the-access-token".into(),
        token_secret: None,
        refresh_token: Some("the-refresh-token".into()),
        expires_at: None,
        scope: "read".to_owned(),
        requested_at: Timestamp::UNIX_EPOCH,
        client_id: "client".to_owned(),
        client_secret: Some("the-granted-client-secret".into()),
        callback_url: "https://app.example/callback".to_owned(),
        parameters: std::collections::BTreeMap::new(),
    }))
}

fn refused() -> Outcome {
    Outcome::Refused(Refusal {
        reason: "VENDOR_REJECTED".to_owned(),
        message: "the vendor refused the code".to_owned(),
        provider_message: None,
    })
}

async fn start(world: &World) -> bool {
    world.exchanges.start(exchange("x")).await.unwrap()
}

async fn progress(world: &World) -> Progress {
    let now = Instant::now();
    world.exchanges.wait(exchange("x"), now).await.unwrap()
}

async fn of_64_concurrent_starts_one_may_send_the_request(world: World) {
    let mut starts = JoinSet::new();
    for _ in 0..64 {
        let exchanges = world.exchanges.clone();
        starts.spawn(async move { exchanges.start(exchange("x")).await.unwrap() });
    }
    let starts = starts.join_all().await;
    assert_eq!(starts.iter().filter(|started| **started).count(), 1);
    assert!(matches!(progress(&world).await, Progress::InFlight));
}

async fn a_loser_waits_for_the_winners_answer(world: World) {
    start(&world).await;
    let exchanges = world.exchanges.clone();
    let until = Instant::now() + Duration::from_secs(10);
    let loser = tokio::spawn(async move { exchanges.wait(exchange("x"), until).await.unwrap() });
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();
    let Progress::Answered(Outcome::Granted(grant)) = loser.await.unwrap() else {
        panic!("no grant")
    };
    assert_eq!(grant.access_token.expose_secret(), "the-access-token");
    assert_eq!(grant.refresh_token.unwrap().expose_secret(), "the-refresh-token");
}

async fn a_repeat_gets_the_same_refusal(world: World) {
    start(&world).await;
    world.exchanges.answer(exchange("x"), &refused()).await.unwrap();
    world.exchanges.abandon(exchange("x")).await.unwrap();
    for _ in 0..2 {
        assert!(!start(&world).await);
        let Progress::Answered(Outcome::Refused(refusal)) = progress(&world).await else {
            panic!("no refusal")
        };
        assert_eq!(refusal.reason, "VENDOR_REJECTED");
    }
}

async fn a_confirmed_answer_is_erased_and_its_mark_stays(world: World) {
    start(&world).await;
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();
    for _ in 0..2 {
        world.exchanges.confirm(exchange("x")).await.unwrap();
        assert!(matches!(progress(&world).await, Progress::Confirmed));
    }
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();
    assert!(matches!(progress(&world).await, Progress::Confirmed));
}

async fn an_abandoned_exchange_can_start_again(world: World) {
    start(&world).await;
    world.exchanges.abandon(exchange("x")).await.unwrap();
    assert!(
        matches!(progress(&world).await, Progress::NotStarted),
        "a waiter may start"
    );
    assert!(start(&world).await);
}

async fn an_exchange_without_an_answer_in_time_is_unknown_for_good(world: World) {
    start(&world).await;
    world.clock.advance(Duration::from_secs(29));
    assert!(matches!(progress(&world).await, Progress::InFlight));
    world.clock.advance(Duration::from_secs(1));
    assert!(matches!(progress(&world).await, Progress::Unknown));
    world.clock.move_back(Duration::from_mins(10));
    assert!(
        matches!(progress(&world).await, Progress::Unknown),
        "a clock moved back reopens nothing"
    );
    assert!(!start(&world).await);
}

async fn what_may_be_sent_again_is_once_nobody_is_at_it(world: World) {
    let start_again = async || world.exchanges.start_again(exchange("x")).await.unwrap();
    assert!(start_again().await);
    world.clock.advance(Duration::from_secs(29));
    assert!(!start_again().await);
    world.clock.advance(Duration::from_secs(1));
    let mut starts = JoinSet::new();
    for _ in 0..16 {
        let exchanges = world.exchanges.clone();
        starts.spawn(async move { exchanges.start_again(exchange("x")).await.unwrap() });
    }
    let starts = starts.join_all().await;
    assert_eq!(starts.iter().filter(|started| **started).count(), 1);
    assert!(matches!(progress(&world).await, Progress::InFlight));
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();
    world.clock.advance(Duration::from_mins(1));
    assert!(!start_again().await, "what has its answer is not sent again");
}

async fn an_answer_is_kept_though_its_mark_was_lost(world: World) {
    world.exchanges.answer(exchange("x"), &granted()).await.unwrap();
    assert!(matches!(progress(&world).await, Progress::Answered(_)));
}

async fn a_wait_ends_at_its_time(world: World) {
    start(&world).await;
    let until = Instant::now() + Duration::from_millis(250);
    assert!(matches!(
        world.exchanges.wait(exchange("x"), until).await.unwrap(),
        Progress::InFlight
    ));
    assert!(Instant::now() <= until + Duration::from_secs(2));
}
