//! However many call at whichever gateway, and whichever registry asks: one refresh, by one of them.

use std::thread;
use std::time::{Duration, Instant};

use ferrule_testkit::{Browser, Decision, OidcOptions, OidcProvider, Outcome, Postgres, Relay, wait_until};
use serde_json::{Value, json};

use crate::service::SOON;
use crate::vendors::{by_code, by_handshake, certified_through};
use crate::world::{CLIENT, World};

const LIFE: Duration = Duration::from_secs(4);
const CALLERS: usize = 200;

/// So many calls at once, half of them at each gateway; `released` runs when all are under way. The answers.
fn called_at_once(world: &World, instance: &Value, path: &str, released: impl FnOnce()) -> Vec<(u16, Value)> {
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let api = world.api(caller % 2).through(instance);
                scope.spawn(move || {
                    let answer = api.get(path);
                    (answer.status, answer.json())
                })
            })
            .collect();
        // Nobody is refused meanwhile: they wait.
        for gateway in [0, 1] {
            let api = world.api(gateway).through(instance);
            let waiting = api.get_within(Duration::from_millis(300), path);
            assert!(waiting.is_err(), "{waiting:?}");
        }
        released();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

#[test]
fn two_hundred_calls_across_an_expiry_and_two_registries_are_one_refresh() {
    let world = World::start();
    world.vendor.behave(|vendor| {
        vendor.access_ttl = LIFE.as_secs();
        vendor.reuse_kills = true;
    });
    let instance = world.api(0).created(&by_code("one"));
    let made = Instant::now();
    let held = world.vendor.hold();
    world.vendor.wait_for_requests("/token", 2);
    // A token with life left is served, whatever becomes of its refresh.
    for gateway in [0, 1] {
        assert_eq!(
            world
                .api(gateway)
                .through(&instance)
                .get("/hubs/marketing/me")
                .status,
            200
        );
    }
    wait_until("the token is over", SOON, || made.elapsed() > LIFE);
    world.vendor.behave(|vendor| vendor.access_ttl = 3600);
    let answers = called_at_once(&world, &instance, "/hubs/marketing/me", || drop(held));
    for answer in answers {
        assert_eq!(answer, (200, json!({"code": "one"})));
    }
    let refreshes = world.vendor.refreshes();
    assert_eq!(refreshes.len(), 1, "{refreshes:?}");
    assert!(!world.vendor.is_dead("one"));
}

#[test]
fn security_38_a_certified_server_that_kills_reused_families_sees_one_refresh() {
    let world = World::of(2, Postgres::shared().fresh_database());
    let callback = format!("http://{}/oauth/callback/certified", world.gateways[0].address);
    let options = OidcOptions {
        access_ttl: 4,
        ..OidcOptions::default()
    };
    let provider = OidcProvider::start(&[&callback], options);
    let back_channel = Relay::to(provider.issuer());
    let file = certified_through(&provider, back_channel.url());
    let world = world.with_connector("certified", &file).up();
    let url = world.api(0).oauth_url("certified", &CLIENT);
    let left = Browser::stopping_at(&callback).log_in(&url, Decision::Allow);
    Browser::new().open(left.url());
    let handshake = left.parameter("state").unwrap();
    let instance = world.api(1).created(&by_handshake("certified", &handshake));
    let made = Instant::now();
    let held = back_channel.hold();
    wait_until("the token is over", SOON, || made.elapsed() > LIFE);
    let mut released = Instant::now();
    let answers = called_at_once(&world, &instance, "/hubs/general/me", || {
        drop(held);
        released = Instant::now();
    });
    for (status, body) in answers {
        assert_eq!(status, 200, "{body}\n{}", provider.log());
        assert!(body["sub"].is_string(), "{body}");
    }
    let heard = || back_channel.heard_at("/token");
    // An exchange, and one refresh for each life that has passed meanwhile.
    let lives = 1 + released.elapsed().as_millis() / (LIFE.as_millis() * 3 / 4);
    assert!(
        heard().len() as u128 <= 1 + lives,
        "{} requests, {lives} lives",
        heard().len()
    );

    let so_far = heard().len();
    wait_until("the family lives on", SOON, || heard().len() >= so_far + 2);
    let mut sent = Vec::new();
    for exchange in heard() {
        assert_eq!(exchange.answer.status, 200, "{}", exchange.answer.text());
        sent.extend(exchange.parameter("refresh_token").map(ToOwned::to_owned));
    }
    let all = sent.len();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), all, "no refresh token was sent twice");
    assert_eq!(
        world.api(0).through(&instance).get("/hubs/general/me").status,
        200
    );
}

#[test]
fn security_41_what_a_paused_registry_brings_after_its_lease_overwrites_nothing() {
    let mut world = World::start();
    world.registries[1].kill();
    world.vendor.behave(|vendor| {
        vendor.access_ttl = 2;
        vendor.reuse_kills = true;
    });
    let instance = world.api(0).created(&by_code("one"));
    let held = world.vendor.hold();
    world.vendor.wait_for_requests("/token", 2);
    world.registries[0].pause(true);
    drop(held);
    wait_until("the vendor has answered", SOON, || {
        world
            .vendor
            .refreshes()
            .iter()
            .all(|refresh| refresh.answered.is_some())
    });
    // A minute later, as the database sees it.
    world.end_leases_older_than(Duration::ZERO);
    world.registries[1].restart();
    let there = world.api(1).through(&instance);
    wait_until("the other one has taken over", SOON, || {
        there.get("/hubs/marketing/me").status == 200
    });
    wait_until("and goes on", SOON, || world.vendor.refreshes().len() >= 3);
    world.registries[0].pause(false);
    world.registries[0].wait_for_line("late_answer");
    world.gateways[0].wait_until_ready();
    let before = world.vendor.refreshes().len();
    wait_until("it is refreshed again", SOON, || {
        world.vendor.refreshes().len() > before
    });
    for gateway in [0, 1] {
        let api = world.api(gateway).through(&instance);
        assert_eq!(api.get("/hubs/marketing/me").json(), json!({"code": "one"}));
    }
    for refresh in world.vendor.refreshes() {
        assert_eq!(refresh.outcome, Outcome::Granted, "{refresh:?}");
    }
}

/// While a lease lasts, nobody begins a second refresh.
const LEASE: Duration = Duration::from_mins(1);

/// The first pair has sent its refresh, the vendor has not answered yet, and the access token is over. The second
/// pair's registry is down.
fn refresh_under_way_at_the_first(world: &mut World) -> (Value, impl Drop + use<>) {
    world.registries[1].kill();
    world.vendor.behave(|vendor| {
        vendor.access_ttl = 2;
        vendor.reuse_kills = true;
    });
    let instance = world.api(0).created(&by_code("one"));
    let made = Instant::now();
    let held = world.vendor.hold();
    world.vendor.wait_for_requests("/token", 2);
    world.vendor.behave(|vendor| vendor.access_ttl = 3600);
    // Until then the old token is served.
    wait_until("the token is over", SOON, || {
        made.elapsed() > Duration::from_secs(2)
    });
    (instance, held)
}

#[test]
fn what_a_killed_registry_was_answered_is_served_by_another_within_seconds() {
    let mut world = World::start();
    let (instance, held) = refresh_under_way_at_the_first(&mut world);
    let begun = Instant::now();
    world.registries[0].kill();
    world.registries[1].restart();
    drop(held);
    let there = world.api(1).through(&instance);
    wait_until("the other one has it", SOON, || {
        there.get("/hubs/marketing/me").status == 200
    });
    assert!(begun.elapsed() < LEASE, "{:?}", begun.elapsed());
    assert_eq!(
        world.vendor.refreshes().len(),
        1,
        "{:?}",
        world.vendor.refreshes()
    );
    assert!(!world.vendor.is_dead("one"));
}

#[test]
fn what_a_stopped_registry_was_answered_is_served_by_another_and_asked_for_once() {
    let mut world = World::start();
    let (instance, held) = refresh_under_way_at_the_first(&mut world);
    let begun = Instant::now();
    world.registries[0].pause(true);
    world.registries[1].restart();
    drop(held);
    let there = world.api(1).through(&instance);
    wait_until("the other one has it", SOON, || {
        there.get("/hubs/marketing/me").status == 200
    });
    assert!(begun.elapsed() < LEASE, "{:?}", begun.elapsed());
    world.registries[0].pause(false);
    world.registries[0].wait_for_line("late_answer");
    world.gateways[0].wait_until_ready();
    for gateway in [0, 1] {
        let api = world.api(gateway).through(&instance);
        assert_eq!(api.get("/hubs/marketing/me").json(), json!({"code": "one"}));
    }
    assert_eq!(
        world.vendor.refreshes().len(),
        1,
        "{:?}",
        world.vendor.refreshes()
    );
}
