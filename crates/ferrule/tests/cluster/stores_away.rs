//! Redis or PostgreSQL goes away and comes back.

use std::thread;

use ferrule_testkit::{Answer, Postgres};
use serde_json::Value;

use crate::service::Service;
use crate::vendors::{by_code, by_handshake};
use crate::world::World;

fn assert_try_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").is_some());
    assert!(
        answer.json()["message"]
            .as_str()
            .is_some_and(|words| !words.is_empty())
    );
}

#[test]
fn without_redis_no_code_leaves_and_afterwards_it_works() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let api = world.api(0);
    let handshake = world.logged_in(0, 0, "acme");
    let path = format!("/instances/{}", api.created(&by_code("before"))["id"]);

    world.redis.kill();
    assert_try_again(&api.create(&by_code("meanwhile")));
    assert_try_again(&api.create(&by_handshake("acme", &handshake)));
    assert_eq!(world.vendor.requests_to("/token").len(), 1);
    assert_eq!(api.get(&path).status, 200, "what is stored is read all the same");
    world.brokers[0].wait_until_not_ready("Redis");
    world.gateways[0].wait_until_not_ready("oauth-broker");
    assert_eq!(world.gateways[0].health("/healthz").status, 200);

    world.redis.restart();
    world.services().for_each(Service::wait_until_ready);
    let bodies = [by_code("meanwhile"), by_handshake("acme", &handshake)];
    let instances = bodies.each_ref().map(|body| api.created(body));
    assert_eq!(world.vendor.requests_to("/token").len(), 3);

    // Even a Redis that forgot everything makes nothing that is spent usable again.
    world.redis.command(&["FLUSHALL"]);
    assert_eq!(bodies.each_ref().map(|body| api.created(body)), instances);
    assert_eq!(world.vendor.requests_to("/token").len(), 3);
}

#[test]
fn without_postgresql_no_code_leaves_and_afterwards_it_works() {
    let mut postgres = Postgres::start();
    let mut world = World::of(1, postgres.fresh_database()).up();
    let api = world.api(0);
    let handshake = world.logged_in(0, 0, "acme");
    let before = api.created(&by_code("before"));

    postgres.stop();
    assert_try_again(&api.create(&by_code("meanwhile")));
    assert_try_again(&api.create(&by_handshake("acme", &handshake)));
    assert_eq!(world.vendor.requests_to("/token").len(), 1);
    world.registries[0].wait_until_not_ready("database");
    world.gateways[0].wait_until_not_ready("instance-registry");

    postgres.restart();
    world.services().for_each(Service::wait_until_ready);
    let found = api.get(&format!("/instances/{}", before["id"]));
    assert_eq!(found.json()["token"], before["token"]);
    api.created(&by_code("meanwhile"));
    api.created(&by_handshake("acme", &handshake));
    assert_eq!(world.vendor.token_requests_for("meanwhile"), 1);
}

#[test]
fn tokens_that_came_while_a_store_was_away_are_kept() {
    let mut postgres = Postgres::start();
    let mut world = World::of(1, postgres.fresh_database()).up();
    let (api, in_flight) = (world.api(0), world.api(0));
    let [one, two] = ["code-without-postgresql", "code-without-redis"].map(by_code);
    let call = |body: &Value| {
        let (api, body) = (in_flight.clone(), body.clone());
        thread::spawn(move || api.create(&body))
    };

    // The broker has them until they can be committed.
    let held = world.vendor.hold();
    let calling = call(&one);
    world.vendor.wait_for_requests("/token", 1);
    postgres.stop();
    drop(held);
    assert_try_again(&calling.join().unwrap());
    postgres.restart();
    world.services().for_each(Service::wait_until_ready);
    api.created(&one);

    // They are committed without the broker's copy.
    let held = world.vendor.hold();
    let calling = call(&two);
    world.vendor.wait_for_requests("/token", 2);
    world.redis.kill();
    drop(held);
    let answer = calling.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.redis.restart();
    world.services().for_each(Service::wait_until_ready);
    assert_eq!(api.created(&two), answer.json());
    assert_eq!(world.vendor.requests_to("/token").len(), 2);
}
