//! What one Redis may do to Ferrule, and what Ferrule answers.

use std::time::Duration;

use ferrule_testkit::{Redis, free_port};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::world::{Place, World, agree, exchange};
use crate::handshake::{Claim, Durability, Progress, Store, StoreError};

const HOUR: Duration = Duration::from_hours(1);
const PROMPT: Duration = Duration::from_secs(3);

fn server(world: &mut World) -> &mut Redis {
    match &mut world.place {
        Place::Redis(redis) => redis,
        Place::Directory(_) | Place::Shared(_) => panic!("not one Redis"),
    }
}

async fn is_unavailable_promptly(store: &Store) {
    let began = Instant::now();
    let error = store.get("key").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_evicts_is_refused_in_one_line() {
    let redis = Redis::start();
    redis.command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let error = Store::redis(&redis.url().into()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Evicts { policy, .. } if policy == "allkeys-lru"));
    let line = error.to_string();
    assert!(
        line.contains("allkeys-lru") && line.contains("noeviction") && !line.contains('\n'),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_redis_is_unavailable_and_heals_after_its_restart() {
    let mut world = World::redis().await;
    world.store.ping().await.unwrap();
    server(&mut world).kill();
    is_unavailable_promptly(&world.store).await;
    server(&mut world).restart();
    world.store.ping().await.unwrap();
    server(&mut world).restart();
    world
        .store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_answers_nothing_is_unavailable_to_all_callers_at_once() {
    let mut world = World::redis().await;
    server(&mut world).command(&["CLIENT", "PAUSE", "8000", "ALL"]);
    let mut callers = JoinSet::new();
    for _ in 0..32 {
        let store = world.store.clone();
        callers.spawn(async move { is_unavailable_promptly(&store).await });
    }
    callers.join_all().await;
    // With the old connection gone, the next callers wait for a new one together.
    is_unavailable_promptly(&world.store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_no_primary_any_more_is_unavailable_until_it_is_one() {
    let mut world = World::redis().await;
    let redis = server(&mut world);
    let nowhere = free_port().to_string();
    redis.command(&["CONFIG", "SET", "replica-serve-stale-data", "yes"]);
    redis.command(&["REPLICAOF", "127.0.0.1", &nowhere]);
    let error = world
        .store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    server(&mut world).command(&["REPLICAOF", "NO", "ONE"]);
    world
        .store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_redis_is_unavailable_and_loses_nothing() {
    let mut world = World::redis().await;
    world
        .store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
    server(&mut world).command(&["CONFIG", "SET", "maxmemory", "1"]);
    for new in [None, Some(&b"next"[..])] {
        let full = match new {
            None => {
                world
                    .store
                    .put("other", b"value", HOUR, Durability::Process)
                    .await
            }
            Some(new) => world
                .store
                .put_if_absent("other", new, HOUR, Durability::Process)
                .await
                .map(drop),
        };
        assert!(matches!(full, Err(StoreError::Unavailable { .. })), "{full:?}");
    }
    assert_eq!(world.store.get("key").await.unwrap().unwrap(), b"value");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_kind_of_value_is_refused() {
    let mut world = World::redis().await;
    server(&mut world).command(&["LPUSH", "key", "value"]);
    let error = world.store.get("key").await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_is_refused_and_not_shown() {
    let redis = Redis::start();
    redis.command(&["CONFIG", "SET", "requirepass", "right"]);
    let url = format!("redis://:hunter2@127.0.0.1:{}/", redis.port());
    let error = Store::redis(&url.into()).await.unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let url = format!("redis://:right@127.0.0.1:{}/", redis.port());
    Store::redis(&url.into()).await.unwrap().ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_at_the_start_is_used_once_it_is_there() {
    let mut redis = Redis::start();
    redis.kill();
    let store = Store::redis(&redis.url().into()).await.unwrap();
    is_unavailable_promptly(&store).await;
    redis.restart();
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flushed_redis_makes_no_claimed_state_usable_again() {
    let mut world = World::redis().await;
    let key = world.attached("state").await;
    let claim = world
        .handshakes
        .claim(&key, exchange("x"), None, agree)
        .await
        .unwrap();
    assert!(matches!(claim, Claim::Claimed(_)));
    server(&mut world).command(&["FLUSHALL"]);
    let claim = world
        .handshakes
        .claim(&key, exchange("x"), None, agree)
        .await
        .unwrap();
    assert!(matches!(claim, Claim::Unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_could_not_be_marked_can_start_once_redis_is_back() {
    let mut world = World::redis().await;
    world.exchanges.start(exchange("warm")).await.unwrap();
    server(&mut world).command(&["CLIENT", "PAUSE", "2500", "WRITE"]);
    let failed = world.exchanges.start(exchange("x")).await.unwrap_err();
    assert!(failed.is_unavailable(), "{failed}");
    server(&mut world).command(&["CLIENT", "UNPAUSE"]);
    let until = Instant::now() + Duration::from_secs(10);
    let waited = world.exchanges.wait(exchange("x"), until).await.unwrap();
    assert!(matches!(waited, Progress::NotStarted), "{waited:?}");
    assert!(world.exchanges.start(exchange("x")).await.unwrap());
}
