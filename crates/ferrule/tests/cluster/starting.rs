//! What a service starts with, and what it refuses to start with.

use std::thread;

use ferrule_testkit::Postgres;

use crate::service::{Ended, Service};
use crate::vendors::by_code;
use crate::world::{ORGANIZATION, USER, World, new_key};

fn assert_one_line(ended: &Ended, words: &[&str]) {
    assert!(ended.code.is_some_and(|code| code != 0), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for words in words {
        assert!(ended.stderr.contains(words), "{words}: {ended:?}");
    }
}

#[test]
fn what_cannot_work_is_refused_with_one_line() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).with("FERRULE_LOG", "off");
    let given = world.master_keys.clone();
    let database = world.database.clone();

    for (ring, words) in [
        (None, "FERRULE_MASTER_KEYS is not set"),
        (Some("k1:junk"), "FERRULE_MASTER_KEYS"),
    ] {
        for service in [&mut world.brokers[0], &mut world.registries[0]] {
            match ring {
                Some(ring) => service.set("FERRULE_MASTER_KEYS", ring),
                None => service.unset("FERRULE_MASTER_KEYS"),
            }
            assert_one_line(&service.run_to_its_end(), &[words]);
            service.set("FERRULE_MASTER_KEYS", &given);
        }
    }

    let registry = &mut world.registries[0];
    registry.unset("FERRULE_BOOTSTRAP_USER_SECRET");
    assert_one_line(&registry.run_to_its_end(), &["FERRULE_BOOTSTRAP_USER_SECRET"]);
    registry.set("FERRULE_BOOTSTRAP_USER_SECRET", USER);
    for (url, words) in [
        ("postgres://someone:s3cret@127.0.0.1:1/ferrule", "database"),
        ("mysql://someone:s3cret@127.0.0.1/ferrule", "postgres://"),
    ] {
        registry.set("FERRULE_DATABASE_URL", url);
        let ended = registry.run_to_its_end();
        assert_one_line(&ended, &[words]);
        assert!(!ended.stderr.contains("s3cret"), "{ended:?}");
    }
    registry.set("FERRULE_DATABASE_URL", &database);

    world
        .redis
        .command(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    assert_one_line(&world.brokers[0].run_to_its_end(), &["noeviction", "allkeys-lru"]);
}

#[test]
fn a_ring_that_does_not_open_the_database_leaves_it_sealed() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let api = world.api(0);
    let path = format!("/instances/{}", api.created(&by_code("before"))["id"]);

    world.registries[0].set("FERRULE_MASTER_KEYS", &new_key("k1"));
    world.registries[0].start();
    world.registries[0].wait_for_line("does not open this database");
    world.registries[0].wait_until_not_ready("sealed");
    world.gateways[0].wait_until_not_ready("instance-registry");
    assert_eq!(world.registries[0].health("/healthz").status, 200);
    for answer in [api.create(&by_code("meanwhile")), api.get(&path)] {
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    assert_eq!(world.vendor.token_requests_for("meanwhile"), 0);

    let ring = world.master_keys.clone();
    world.registries[0].set("FERRULE_MASTER_KEYS", &ring);
    world.registries[0].restart();
    world.gateways[0].wait_until_ready();
    assert_eq!(api.get(&path).status, 200);
    api.created(&by_code("meanwhile"));
}

#[test]
fn registries_that_start_at_once_on_an_empty_database_bring_in_one_organization() {
    let postgres = Postgres::shared();
    let mut world = World::of(4, postgres.fresh_database());
    thread::scope(|scope| {
        for registry in &mut world.registries {
            scope.spawn(|| registry.restart());
        }
    });
    for (table, count) in [("check_value", 1), ("organizations", 1), ("users", 1)] {
        let rows = postgres.query(&world.database, &format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows.trim(), count.to_string(), "{table}");
    }
    let said: String = world.registries.iter().map(Service::output).collect();
    assert!(!said.contains(USER) && !said.contains(ORGANIZATION), "{said}");
    assert!(!said.contains("ERROR"), "{said}");

    // Each of them knows the first user.
    let mut world = world.up();
    for gateway in 0..4 {
        assert_eq!(world.api(gateway).get("/instances").status, 200);
        assert_eq!(
            world
                .api(gateway)
                .called_by("User no, Organization no")
                .get("/instances")
                .status,
            401
        );
    }
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
}
