//! The key ring is rotated under traffic, as docs/operations.md says.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ferrule_testkit::{Postgres, Process, wait_until};

use crate::api::Api;
use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_handshake};
use crate::world::{World, new_key};

/// Instances made and read until it is told to stop; every call must work.
#[derive(Default)]
struct Traffic {
    rounds: AtomicUsize,
    stop: AtomicBool,
}

impl Traffic {
    fn run(&self, api: &Api) {
        while !self.stop.load(Ordering::SeqCst) {
            let round = self.rounds.load(Ordering::SeqCst);
            let instance = api.created(&by_code(&format!("code-in-traffic-{round}")));
            let found = api.get(&format!("/instances/{}", instance["id"]));
            assert_eq!(found.status, 200, "{}", found.text());
            assert_eq!(found.json()["token"], instance["token"]);
            self.rounds.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits for some more of it.
    fn goes_on(&self) {
        let seen = self.rounds.load(Ordering::SeqCst);
        wait_until("traffic goes on", SOON, || {
            self.rounds.load(Ordering::SeqCst) > seen + 1
        });
    }
}

/// Stops the traffic also when the test fails.
struct Stop<'a>(&'a Traffic);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

fn rotate(world: &World) -> String {
    let ring = world.file("ring").display().to_string();
    let environment = [
        ("FERRULE_DATABASE_URL", world.database.as_str()),
        ("FERRULE_MASTER_KEYS_FILE", &ring),
    ];
    let ferrule = Path::new(env!("CARGO_BIN_EXE_ferrule"));
    let mut process = Process::spawn_with(ferrule, &["keys", "rotate"], &environment);
    assert!(process.wait().success(), "{}", process.stderr());
    process.stdout()
}

/// How many texts in the database are under this master key.
fn sealed_under(world: &World, key: &str) -> usize {
    let dump = Postgres::shared().dump(&world.database);
    dump.matches(&format!("v1.{key}.")).count()
}

#[test]
fn the_ring_is_rotated_online_and_the_old_key_can_go() {
    let (k1, k2) = (new_key("k1"), new_key("k2"));
    let mut world = World::of(2, Postgres::shared().fresh_database())
        .with_ring_file(&k1)
        .up();
    let old = world.api(0).created(&by_code("code-under-the-old-key"));
    let old_path = format!("/instances/{}", old["id"]);
    let old_handshake = world.logged_in(0, 0, "acme");

    // Added last, the new key reaches the running processes by itself.
    world.write_ring(&format!("{k1},{k2}"));
    world.registries[1].wait_for_line("the key ring was read anew");

    let traffic = Traffic::default();
    thread::scope(|scope| {
        let _stop = Stop(&traffic);
        let api = world.api(1);
        scope.spawn(|| traffic.run(&{ api }));
        traffic.goes_on();

        // Moved first: one pair seals under the new key while the other still seals under the old one.
        world.write_ring(&format!("{k2},{k1}"));
        world.brokers[0].restart();
        world.registries[0].restart();
        world.gateways[0].wait_until_ready();
        let new_handshake = world.logged_in(0, 0, "acme");
        let claimed = world.api(1).created(&by_handshake("acme", &new_handshake));
        assert_eq!(
            world.api(0).created(&by_handshake("acme", &new_handshake)),
            claimed
        );
        world.api(0).created(&by_handshake("acme", &old_handshake));
        traffic.goes_on();

        let said = rotate(&world);
        assert!(said.starts_with("1 data keys are now under key \"k2\""), "{said}");
        traffic.goes_on();
        assert!(rotate(&world).contains("1 were already"));
        traffic.goes_on();
    });
    assert_eq!((sealed_under(&world, "k1"), sealed_under(&world, "k2")), (0, 2));

    world.write_ring(&k2);
    world.services().for_each(Service::start);
    world.services().for_each(Service::wait_until_ready);
    for gateway in [0, 1] {
        assert_eq!(world.api(gateway).get(&old_path).json()["token"], old["token"]);
        world
            .api(gateway)
            .created(&by_code(&format!("code-under-the-new-key-{gateway}")));
    }
}
