//! Redis or PostgreSQL goes away while tokens are refreshed, or a user takes consent back.

use std::time::{Duration, Instant};

use ferrule_testkit::{Outcome, Postgres, Refresh, wait_until};
use serde_json::{Value, json};

use crate::service::{SOON, Service};
use crate::vendors::by_code;
use crate::world::World;

const CALL: &str = "/hubs/marketing/me";
const PATIENCE: Duration = Duration::from_mins(1);

/// Instances with short tokens of the world's own vendor.
fn created(world: &World, codes: &[&str]) -> Vec<Value> {
    world.vendor.behave(|vendor| {
        vendor.access_ttl = 2;
        vendor.reuse_kills = true;
    });
    codes
        .iter()
        .map(|code| world.api(0).created(&by_code(code)))
        .collect()
}

fn wait_for_refreshes_under_way(world: &World, count: usize) {
    wait_until("refreshes are under way", SOON, || {
        let refreshes = world.vendor.refreshes();
        refreshes.iter().filter(|one| one.answered.is_none()).count() >= count
    });
}

/// Each instance works, and goes on working after one more refresh; no refresh token was sent twice.
fn assert_all_live_on(world: &World, codes: &[&str], instances: &[Value]) {
    let granted = |code: &str| -> Vec<Refresh> {
        let refreshes = world.vendor.refreshes_of(code).into_iter();
        refreshes.filter(|one| one.answered.is_some()).collect()
    };
    for (code, instance) in codes.iter().zip(instances) {
        let api = world.api(1).through(instance);
        wait_until(&format!("{code} works"), PATIENCE, || {
            let answer = api.get(CALL);
            assert!([200, 503].contains(&answer.status), "{code}: {}", answer.text());
            answer.status == 200
        });
    }
    for (code, instance) in codes.iter().zip(instances) {
        let before = granted(code).len();
        wait_until(&format!("{code} is refreshed again"), SOON, || {
            granted(code).len() > before
        });
        assert_eq!(world.api(0).through(instance).get(CALL).status, 200);
        for refresh in granted(code) {
            assert_eq!(refresh.outcome, Outcome::Granted, "{refresh:?}");
        }
    }
}

#[test]
fn refreshes_go_on_without_redis_and_past_one_that_forgot_everything() {
    let mut world = World::start();
    let codes = ["one", "two", "three"];
    let instances = created(&world, &codes);
    let held = world.vendor.hold();
    wait_for_refreshes_under_way(&world, codes.len());
    world.redis.kill();
    drop(held);
    // The journal is the second copy, no gate.
    let before = world.vendor.refreshes().len();
    wait_until("they are refreshed again all the same", SOON, || {
        world.vendor.refreshes().len() >= before + codes.len()
    });
    world.redis.restart();
    world.redis.command(&["FLUSHALL"]);
    assert_all_live_on(&world, &codes, &instances);
    world.services().for_each(Service::wait_until_ready);
}

#[test]
fn without_postgresql_nothing_is_spent_and_what_came_is_kept() {
    let mut postgres = Postgres::start();
    let mut world = World::of(2, postgres.fresh_database()).up();
    let codes = ["one", "two", "three"];
    let instances = created(&world, &codes);
    let held = world.vendor.hold();
    wait_for_refreshes_under_way(&world, codes.len());
    postgres.stop();
    drop(held);
    let asked = world.vendor.refreshes().len();
    for registry in &world.registries {
        registry.wait_until_not_ready("database");
    }
    // Security 40: whatever is due, where no intent can be written the vendor is not called.
    let now = Instant::now();
    wait_until("all tokens are over", SOON, || {
        now.elapsed() > Duration::from_secs(2)
    });
    assert_eq!(
        world.api(0).through(&instances[0]).get(CALL).status,
        503,
        "no credential"
    );
    assert_eq!(world.vendor.refreshes().len(), asked);
    postgres.restart();
    world.services().for_each(Service::wait_until_ready);
    assert_all_live_on(&world, &codes, &instances);
}

#[test]
fn security_42_what_a_user_revoked_is_dead_once_at_every_replica() {
    let mut world = World::start();
    let codes = ["one", "two"];
    let instances = created(&world, &codes);
    world.vendor.revoke("one");
    let calls = |world: &World| world.vendor.requests_to("/api/me").len();
    let path = format!("/instances/{}", instances[0]["id"]);
    wait_until("it is known", SOON, || {
        world.api(1).get(&path).json()["reason"] == "REAUTHORIZATION_REQUIRED"
    });
    for gateway in [0, 1] {
        let api = world.api(gateway).through(&instances[0]);
        // An access token with life left is served, and the vendor's word is a 401 too.
        wait_until("calls are refused without the vendor", SOON, || {
            let before = calls(&world);
            let answer = api.get(CALL);
            assert_eq!(answer.status, 401, "{}", answer.text());
            answer.json()["reason"] == "REAUTHORIZATION_REQUIRED" && calls(&world) == before
        });
    }
    let before = calls(&world);
    for call in 0..20 {
        let answer = world.api(call % 2).through(&instances[0]).get(CALL);
        assert_eq!(answer.status, 401, "{}", answer.text());
    }
    assert_eq!(calls(&world), before, "the vendor is left alone");
    // The other one lives on meanwhile, and so does this one once its user has logged in again.
    let again = world
        .api(0)
        .patch(&path, &json!({"providerData": {"code": "three"}}));
    assert_eq!(again.status, 200, "{}", again.text());
    assert_all_live_on(&world, &["three", "two"], &instances);
    assert_eq!(
        world.vendor.refreshes_of("one").len(),
        2,
        "asked twice, and never again"
    );
    let said: String = world.services().map(|service| service.output()).collect();
    assert_eq!(
        said.matches("reauthorization_required").count(),
        1,
        "one event: {said}"
    );
}

#[test]
fn refreshes_leave_neither_journal_nor_intent_behind() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let codes = ["one", "two", "three", "four"];
    let instances = created(&world, &codes);
    wait_until("there were many refreshes", PATIENCE, || {
        world.vendor.refreshes().len() >= 2 * codes.len()
    });
    world.vendor.behave(|vendor| vendor.access_ttl = 3600);
    assert_eq!(world.api(0).through(&instances[0]).get(CALL).status, 200);
    // What was confirmed is erased from the journal.
    wait_until("the journal is empty", PATIENCE, || {
        !String::from_utf8_lossy(&world.redis.dump()).contains("refresh:")
    });
    let open = "SELECT count(*) FROM instances WHERE intent IS NOT NULL OR lease_owner IS NOT NULL";
    wait_until("no intent is open", SOON, || {
        Postgres::shared().query(&world.database, open).trim() == "0"
    });
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
}
