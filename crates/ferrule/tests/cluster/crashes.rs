//! `kill -9` in the middle of an exchange, and the caller's repeats afterwards.

use std::thread;
use std::time::Duration;

use ferrule_testkit::{Postgres, wait_until};

use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_handshake};
use crate::world::World;

/// A started exchange without an answer is given up after 30 s.
const GIVEN_UP: Duration = Duration::from_secs(45);

#[test]
fn a_broker_killed_while_the_vendor_thinks_never_leads_to_a_second_request() {
    let mut world = World::start();
    let handshake = world.logged_in(0, 0, "acme");
    let bodies = [by_code("code-that-is-lost"), by_handshake("acme", &handshake)];
    let held = world.vendor.hold();
    let calls: Vec<_> = bodies
        .iter()
        .cloned()
        .map(|body| {
            let api = world.api(0);
            thread::spawn(move || api.create(&body))
        })
        .collect();
    world.vendor.wait_for_requests("/token", 2);
    world.brokers[0].kill();
    for call in calls {
        let answer = call.join().unwrap();
        assert_eq!(answer.status, 503, "{}", answer.text());
    }
    drop(held);
    world.brokers[0].restart();

    // The vendor's answer reached nobody: what it gave is lost, and said to be.
    for body in &bodies {
        for gateway in [1, 0] {
            wait_until("the exchange is given up", GIVEN_UP, || {
                let answer = world.api(gateway).create(body);
                assert!([502, 503].contains(&answer.status), "{}", answer.text());
                answer.status == 502
                    && answer.json()["message"]
                        .as_str()
                        .unwrap()
                        .contains("log in again")
            });
        }
    }
    assert_eq!(world.vendor.requests_to("/token").len(), 2);
}

#[test]
fn a_registry_or_gateway_killed_while_the_vendor_thinks_loses_nothing() {
    let mut world = World::start();
    let handshake = world.logged_in(0, 1, "acme");
    let registry: fn(&mut World) -> &mut Service = |world| &mut world.registries[0];
    let gateway: fn(&mut World) -> &mut Service = |world| &mut world.gateways[0];
    for (made, (victim, body)) in (1..).zip([
        (registry, by_code("code-whose-registry-died")),
        (registry, by_handshake("acme", &handshake)),
        (gateway, by_code("code-whose-gateway-died")),
    ]) {
        let held = world.vendor.hold();
        let (api, call) = (world.api(0), body.clone());
        let call = thread::spawn(move || api.try_create(&call));
        world.vendor.wait_for_requests("/token", made);
        victim(&mut world).kill();
        if let Ok(answer) = call.join().unwrap() {
            assert_eq!(answer.status, 503, "{}", answer.text());
        }
        drop(held);

        // The broker kept the answer for whoever repeats the call.
        let instance = world.api(1).created(&body);
        victim(&mut world).restart();
        world.gateways[0].wait_until_ready();
        assert_eq!(world.api(0).created(&body), instance);
        assert_eq!(world.vendor.requests_to("/token").len(), made);
    }
}

/// A commit that cannot happen for a few seconds, because somebody else locked the table.
struct CommitsStopped<'a>(thread::ScopedJoinHandle<'a, ()>);

impl<'a> CommitsStopped<'a> {
    fn begin<'e>(scope: &'a thread::Scope<'a, 'e>, database: &'a str) -> Self {
        let postgres = Postgres::shared();
        let lock = "BEGIN; LOCK TABLE instances IN SHARE MODE; SELECT pg_sleep(6)";
        let session = scope.spawn(move || drop(postgres.query(database, lock)));
        let stopped = Self(session);
        stopped.wait_for_locks(database, "mode = 'ShareLock' AND granted", 1);
        stopped
    }

    fn wait_for_locks(&self, database: &str, which: &str, count: usize) {
        let sql = format!("SELECT count(*) FROM pg_locks WHERE relation = 'instances'::regclass AND {which}");
        wait_until(&format!("there is a lock: {which}"), SOON, || {
            let locks = Postgres::shared().query(database, &sql);
            locks.trim().parse::<usize>().unwrap() >= count
        });
        assert!(!self.0.is_finished());
    }
}

#[test]
fn an_answer_that_came_and_was_not_committed_waits_for_the_repeat() {
    let mut world = World::start();
    let database = world.database.clone();
    let broker: fn(&mut World) = |world| world.brokers[0].kill();
    let both: fn(&mut World) = |world| {
        world.brokers[0].kill();
        world.registries[0].kill();
    };
    let dies = [("code-whose-broker-died", broker), ("code-where-both-died", both)];
    for (made, (code, die)) in (1..).zip(dies) {
        let instance = thread::scope(|scope| {
            let stopped = CommitsStopped::begin(scope, &database);
            let api = world.api(0);
            let first = scope.spawn(move || api.create(&by_code(code)));
            stopped.wait_for_locks(&database, "NOT granted", 1);
            die(&mut world);
            let instance = world.api(1).created(&by_code(code));
            let first = first.join().unwrap();
            assert!([200, 503].contains(&first.status), "{}", first.text());
            assert!(
                first.status == 503 || first.json() == instance,
                "{}",
                first.text()
            );
            instance
        });
        for service in [&mut world.brokers[0], &mut world.registries[0]] {
            service.restart();
        }
        world.gateways[0].wait_until_ready();
        assert_eq!(world.api(0).created(&by_code(code)), instance);
        assert_eq!(world.vendor.requests_to("/token").len(), made);
        let listed = world.api(0).get("/instances").json();
        assert_eq!(listed.as_array().unwrap().len(), made, "{listed}");
    }
}
