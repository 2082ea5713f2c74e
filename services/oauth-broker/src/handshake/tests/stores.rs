//! What either store does.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::on_both_stores;
use super::world::World;
use crate::handshake::{Durability, Ttl};

const HOUR: Duration = Duration::from_hours(1);
const SECOND: Duration = Duration::from_secs(1);

on_both_stores! {
    what_is_put_is_got_until_its_time_is_over,
    a_change_keeps_the_time_or_sets_it,
    compare_and_set_writes_only_over_what_was_expected,
    put_if_absent_writes_once,
    what_is_deleted_is_gone,
    of_64_concurrent_changes_one_wins,
    a_store_in_order_answers_the_ping,
}

impl World {
    /// Redis lives by its own clock, the embedded file by the test's.
    async fn is_over_after(&self, key: &str, wait: Duration) {
        self.clock.advance(wait);
        let deadline = Instant::now() + 10 * wait;
        while self.store.get(key).await.unwrap().is_some() {
            assert!(Instant::now() < deadline, "{key} is still there");
            sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn what_is_put_is_got_until_its_time_is_over(world: World) {
    let store = &world.store;
    for durability in [Durability::Process, Durability::Disk] {
        store
            .put("key", b"\0value\xff", SECOND, durability)
            .await
            .unwrap();
        assert_eq!(store.get("key").await.unwrap().unwrap(), b"\0value\xff");
        world.is_over_after("key", SECOND).await;
        assert!(
            store
                .put_if_absent("key", b"next", SECOND, durability)
                .await
                .unwrap()
        );
    }
}

async fn a_change_keeps_the_time_or_sets_it(world: World) {
    let store = &world.store;
    for key in ["kept", "set"] {
        store.put(key, b"1", SECOND, Durability::Process).await.unwrap();
    }
    for (key, ttl) in [("kept", Ttl::Keep), ("set", Ttl::Set(HOUR))] {
        assert!(
            store
                .compare_and_set(key, Some(b"1"), Some(b"2"), ttl, Durability::Process)
                .await
                .unwrap()
        );
    }
    world.is_over_after("kept", SECOND).await;
    assert_eq!(store.get("set").await.unwrap().unwrap(), b"2");
}

async fn compare_and_set_writes_only_over_what_was_expected(world: World) {
    let store = &world.store;
    let (a, b) = (&b"a"[..], &b"b"[..]);
    for (held, expected, new, happens) in [
        (None, None, Some(b), true),
        (None, Some(a), Some(b), false),
        (None, Some(&b""[..]), Some(b), false),
        (Some(a), None, Some(b), false),
        (Some(a), Some(b), Some(b), false),
        (Some(a), Some(a), Some(b), true),
        (Some(a), Some(a), None, true),
        (Some(a), Some(b), None, false),
        (None, None, None, true),
        (Some(&b""[..]), None, Some(b), false),
        (Some(&b""[..]), Some(&b""[..]), Some(b), true),
    ] {
        store.delete("key").await.unwrap();
        if let Some(held) = held {
            store.put("key", held, HOUR, Durability::Process).await.unwrap();
        }
        let done = store
            .compare_and_set("key", expected, new, Ttl::Set(HOUR), Durability::Disk)
            .await
            .unwrap();
        let left = store.get("key").await.unwrap();
        assert_eq!(done, happens, "{held:?} {expected:?} {new:?}");
        assert_eq!(
            left.as_deref(),
            if happens { new } else { held },
            "{held:?} {expected:?} {new:?}"
        );
    }
}

async fn put_if_absent_writes_once(world: World) {
    let store = &world.store;
    assert!(
        store
            .put_if_absent("key", b"first", HOUR, Durability::Process)
            .await
            .unwrap()
    );
    assert!(
        !store
            .put_if_absent("key", b"second", HOUR, Durability::Process)
            .await
            .unwrap()
    );
    assert_eq!(store.get("key").await.unwrap().unwrap(), b"first");
}

async fn what_is_deleted_is_gone(world: World) {
    let store = &world.store;
    store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
    for _ in 0..2 {
        store.delete("key").await.unwrap();
        assert_eq!(store.get("key").await.unwrap(), None);
    }
}

async fn of_64_concurrent_changes_one_wins(world: World) {
    world
        .store
        .put("key", b"start", HOUR, Durability::Process)
        .await
        .unwrap();
    let mut changes = JoinSet::new();
    for n in 0..64_u8 {
        let store = world.store.clone();
        changes.spawn(async move {
            store
                .compare_and_set("key", Some(b"start"), Some(&[n]), Ttl::Keep, Durability::Process)
                .await
        });
    }
    let won = changes
        .join_all()
        .await
        .into_iter()
        .filter(|done| *done.as_ref().unwrap())
        .count();
    assert_eq!(won, 1);
}

async fn a_store_in_order_answers_the_ping(world: World) {
    world.store.ping().await.unwrap();
}
