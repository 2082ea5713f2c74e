//! The key ring: made, rotated while Ferrule runs, and rid of its old key.

use std::fs;

use ferrule_testkit::{Behaviour, HttpClient, TokenEndpoint};

use crate::vendors::{by_code, intercom_at};
use crate::world::World;

/// A ring's text as `keys new` prints it.
fn new_key(world: &World, id: &str) -> String {
    let ended = world.run(&["keys", "new", id]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout.trim().to_owned()
}

#[test]
fn a_new_key_is_printed_and_starts_ferrule() {
    let world = World::new();
    let key = new_key(&world, "k7");
    assert!(key.starts_with("k7:") && key.len() == 3 + 44, "{}", key.len());
    assert_ne!(key, new_key(&world, "k7"));
    let ferrule = world.with("FERRULE_MASTER_KEYS", &key).start();
    assert!(!ferrule.output().contains(&key));
    let bad = World::new().run(&["keys", "new", "no:good,"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (Some(1), ""));
}

#[test]
fn security_18_a_rotation_beside_a_running_ferrule_makes_the_old_key_superfluous() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let (old, new) = (new_key(&world, "old"), new_key(&world, "new"));
    let ring = world.file("ring");
    let world = world.with("FERRULE_MASTER_KEYS_FILE", &ring.display().to_string());

    fs::write(&ring, format!("{old},{new}\n")).unwrap();
    let ferrule = world.start();
    let made = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    let path = format!("/instances/{}", made["id"]);

    fs::write(&ring, format!("{new},{old}\n")).unwrap();
    let rotated = world.run(&["keys", "rotate"]);
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    assert!(
        rotated
            .stdout
            .starts_with("1 data keys are now under key \"new\""),
        "{}",
        rotated.stdout
    );
    let again = world.run(&["keys", "rotate"]);
    assert!(
        again.stdout.starts_with("0 data keys are now"),
        "{}",
        again.stdout
    );
    assert_eq!(ferrule.api.get(&path).json()["token"], made["token"]);
    let second = ferrule.api.post("/instances", &by_code("intercom", "two"));
    assert_eq!(second.status, 200, "{}", second.text());
    ferrule.stop();

    fs::write(&ring, format!("{new}\n")).unwrap();
    let ferrule = world.start();
    let ready = HttpClient::new().get(&format!("{}/readyz", ferrule.admin), &[]);
    assert_eq!(ready.status, 200, "{}", ready.text());
    assert_eq!(ferrule.api.get(&path).json()["token"], made["token"]);
    let other = format!("/instances/{}", second.json()["id"]);
    assert_eq!(ferrule.api.get(&other).json()["token"], second.json()["token"]);
    let third = ferrule.api.post("/instances", &by_code("intercom", "three"));
    assert_eq!(third.status, 200, "{}", third.text());
    ferrule.stop();

    fs::write(&ring, format!("{old}\n")).unwrap();
    let sealed = world.start();
    let ready = HttpClient::new().get(&format!("{}/readyz", sealed.admin), &[]);
    assert_eq!(ready.status, 503, "the old key opens nothing: {}", ready.text());
}

#[test]
fn the_ring_of_the_data_directory_is_rotated_in_place() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let ferrule = world.start();
    let made = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    let file = world.data_dir().join("master-keys");
    let old = fs::read_to_string(&file).unwrap();
    let new = new_key(&world, "k2");
    fs::write(&file, format!("{new},{}\n", old.trim())).unwrap();
    assert_eq!(world.run(&["keys", "rotate"]).code, Some(0));
    ferrule.stop();
    fs::write(&file, format!("{new}\n")).unwrap();
    let ferrule = world.start();
    let found = ferrule.api.get(&format!("/instances/{}", made["id"])).json();
    assert_eq!(found["token"], made["token"]);
}

#[test]
fn a_ring_that_does_not_open_the_database_rotates_nothing() {
    let world = World::new();
    world.start().stop();
    let other = new_key(&world, "k1");
    let world = world.with("FERRULE_MASTER_KEYS", &other);
    let ended = world.run(&["keys", "rotate"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(
        ended.stderr.contains("does not open this database"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    world.without("FERRULE_MASTER_KEYS").start();
}
