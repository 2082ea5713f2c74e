//! What the embedded file survives.

use std::path::Path;
use std::time::Duration;

use super::world::{ManualClock, Place, World};
use crate::handshake::{Durability, Store, StoreError};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn records_are_found_again_after_the_store_is_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let clock = ManualClock::default();
    for n in 0..3_u8 {
        let store = Store::embedded(directory.path(), clock.clock()).await.unwrap();
        store
            .put(&n.to_string(), &[n], HOUR, Durability::Process)
            .await
            .unwrap();
        for earlier in 0..=n {
            assert_eq!(
                store.get(&earlier.to_string()).await.unwrap(),
                Some(vec![earlier])
            );
        }
    }
}

/// What the operating system holds while the process still runs is what it holds after `kill -9`.
#[tokio::test]
async fn an_acknowledged_write_is_in_the_file_before_the_store_is_closed() {
    let world = World::embedded().await;
    let Place::Directory(directory) = &world.place else {
        panic!("not embedded")
    };
    world
        .store
        .put("key", b"value", HOUR, Durability::Process)
        .await
        .unwrap();
    let killed = tempfile::tempdir().unwrap();
    copy(directory.path(), killed.path());
    let found = Store::embedded(killed.path(), world.clock.clock()).await.unwrap();
    assert_eq!(found.get("key").await.unwrap().unwrap(), b"value");
}

#[tokio::test]
async fn a_file_that_is_open_is_not_opened_again() {
    let world = World::embedded().await;
    let Place::Directory(directory) = &world.place else {
        panic!("not embedded")
    };
    let second = Store::embedded(directory.path(), world.clock.clock())
        .await
        .unwrap_err();
    assert!(matches!(second, StoreError::Unavailable { .. }), "{second}");
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
