//! A cluster of six, and a master with its replica behind three sentinels.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use ferrule_testkit::{RedisCluster, RedisSentinels, wait_until};
use tokio::time::{Instant, sleep};

use super::world::{Shared, World, agree, exchange};
use super::{exchange_marks, handshake_verbs, secrecy_at_rest, stores};
use crate::handshake::{Claim, Durability, HandshakeKey, Store, StoreError};

const HOUR: Duration = Duration::from_hours(1);

/// How long servers and Ferrule may take together to settle on another master.
const SETTLED: Duration = Duration::from_secs(15);

/// How long a master that was replaced while it lives may be taken for one.
const LEFT: Duration = Duration::from_secs(7);

async fn every_suite(shared: &Shared) {
    stores::whole_suite(shared).await;
    handshake_verbs::whole_suite(shared).await;
    exchange_marks::whole_suite(shared).await;
    secrecy_at_rest::whole_suite(shared).await;
}

/// Writes as soon as that works; until then nothing worse than unavailability may be told.
async fn writes_again(store: &Store, key: &str) {
    let began = Instant::now();
    while let Err(error) = store.put(key, b"value", HOUR, Durability::Process).await {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        assert!(began.elapsed() < SETTLED, "{key} after {SETTLED:?}: {error}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn is_claimed_once(world: &World, key: &HandshakeKey) {
    for (exchange_name, first) in [("x", true), ("y", false)] {
        let claim = world.handshakes.claim(key, exchange(exchange_name), None, agree);
        let claimed = matches!(claim.await.unwrap(), Claim::Claimed(_));
        assert_eq!(claimed, first, "{exchange_name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_takes_the_whole_suite() {
    let cluster = Shared::Cluster(Arc::new(RedisCluster::start()));
    every_suite(&cluster).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_take_the_whole_suite() {
    let sentinels = Shared::Sentinels(Arc::new(RedisSentinels::start()));
    every_suite(&sentinels).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_node_of_a_cluster_is_asked_for_its_policy() {
    let cluster = RedisCluster::start();
    cluster.nodes()[1].command(&["CONFIG", "SET", "maxmemory-policy", "volatile-lru"]);
    let url = format!("redis+cluster://127.0.0.1:{}", cluster.ports()[0]);
    let error = Store::redis(&url.into()).await.unwrap_err().to_string();
    assert!(error.contains("volatile-lru"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_loses_a_master_is_used_again_within_seconds() {
    let mut cluster = RedisCluster::start();
    let hosts: Vec<_> = cluster
        .ports()
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let url = format!("redis+cluster://{}", hosts.join(","));
    let store = Store::redis(&url.clone().into()).await.unwrap();
    store.ping().await.unwrap();
    cluster.kill(0);
    // Keys enough to lie on every master.
    for n in 0..32 {
        writes_again(&store, &format!("handshake:{n}")).await;
    }
    // Whoever starts now does not need the dead one either.
    let other = Store::redis(&url.into()).await.unwrap();
    for n in 0..32 {
        writes_again(&other, &format!("exchange:{n}")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_loses_no_handshake_and_takes_seconds() {
    let sentinels = Arc::new(RedisSentinels::start());
    let world = World::on(&Shared::Sentinels(sentinels.clone())).await;
    let key = world.attached("before").await;
    sentinels.wait_until_replicated();

    let old = sentinels.master().port();
    let began = Instant::now();
    sentinels.fail_over();
    wait_until("the sentinels name the other server", SETTLED, || {
        sentinels.master().port() != old
    });
    // The old master lives and takes writes for ten seconds more. Who asks for health, as a broker does every two
    // seconds, leaves it as soon as the first sentinel has let it go.
    let lasts = || sentinels.dump().windows(14).any(|word| word == b"handshake:next");
    while !lasts() {
        world.store.ping().await.unwrap();
        writes_again(&world.store, "handshake:next").await;
        assert!(began.elapsed() < LEFT, "{:?}", began.elapsed());
    }
    is_claimed_once(&world, &key).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_master_that_dies_is_replaced_within_seconds() {
    let mut sentinels = RedisSentinels::start();
    let url = format!(
        "redis+sentinel://{}/{}",
        sentinels.hosts(),
        sentinels.master_name()
    );
    let store = Store::redis(&url.into()).await.unwrap();
    let value = store.put("handshake:before", b"kept", HOUR, Durability::Process);
    value.await.unwrap();
    sentinels.wait_until_replicated();
    sentinels.kill_master();
    writes_again(&store, "handshake:after").await;
    assert_eq!(store.get("handshake:before").await.unwrap().unwrap(), b"kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_that_says_nothing_is_passed_over() {
    let sentinels = RedisSentinels::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "redis+sentinel://{},{}/{}",
        silent.local_addr().unwrap(),
        sentinels.hosts(),
        sentinels.master_name()
    );
    let store = Store::redis(&url.into()).await.unwrap();
    store.ping().await.unwrap();
}
