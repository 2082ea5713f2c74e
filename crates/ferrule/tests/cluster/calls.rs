//! Calls through an instance at two gateways: what a change does to them, and what is left with everything else down.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ferrule_testkit::{Postgres, wait_until};
use serde_json::{Value, json};

use crate::api::Api;
use crate::service::{SOON, Service};
use crate::vendors::by_code;
use crate::world::World;

/// How long a gateway may believe what the registry said.
const BELIEVED: Duration = Duration::from_secs(1);
const CALL: &str = "/hubs/marketing/me";

/// Calls on and on: when each call began, when it was answered, and how.
fn call_until(over: &AtomicBool, api: &Api) -> Vec<(Instant, Instant, u16)> {
    let mut calls = Vec::new();
    while !over.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let status = api.get(CALL).status;
        calls.push((begun, Instant::now(), status));
    }
    calls
}

fn wait_until_past(moment: Instant) {
    wait_until("the time is over", SOON, || Instant::now() > moment);
}

#[test]
fn a_change_is_felt_at_once_at_its_gateway_and_within_a_second_at_the_other() {
    let world = World::start();
    let instance = world.api(0).created(&by_code("one"));
    let path = format!("/instances/{}", instance["id"]);
    let [here, there] = [0, 1].map(|gateway| world.api(gateway).through(&instance));
    let enabled = format!("{path}/enabled");
    let disable = || world.api(0).delete(&enabled);
    let delete = || world.api(0).delete(&path);
    for (change, refusal) in [(&disable as &dyn Fn() -> _, 403), (&delete, 401)] {
        if refusal == 401 {
            assert_eq!(world.api(1).put(&enabled).status, 200);
            for api in [&here, &there] {
                wait_until("it works again", SOON, || api.get(CALL).status == 200);
            }
        }
        let over = AtomicBool::new(false);
        let (changed, calls) = thread::scope(|scope| {
            let caller = scope.spawn(|| call_until(&over, &there));
            let warm = world.vendor.requests_to("/api/me").len() + 2;
            world.vendor.wait_for_requests("/api/me", warm);
            assert_eq!(here.get(CALL).status, 200);
            assert_eq!(change().status, 200);
            assert_eq!(here.get(CALL).status, refusal, "at once");
            let changed = Instant::now();
            wait_until_past(changed + BELIEVED * 3 / 2);
            over.store(true, Ordering::SeqCst);
            (changed, caller.join().unwrap())
        });
        let refused = calls
            .iter()
            .position(|(_, _, status)| *status != 200)
            .expect("a refusal");
        assert!(refused > 0, "it was warm");
        for (begun, _, status) in &calls[refused..] {
            assert_eq!(*status, refusal, "{:?}", begun.duration_since(changed));
        }
        let late = calls[refused].0.saturating_duration_since(changed);
        assert!(late <= BELIEVED, "the other gateway was {late:?} late");
    }
}

#[test]
fn with_everything_else_down_a_warm_credential_serves_for_a_second_at_most() {
    let mut postgres = Postgres::start();
    let mut world = World::of(1, postgres.fresh_database()).up();
    let instance = world.api(0).created(&by_code("one"));
    let api = world.api(0).through(&instance);
    let over = AtomicBool::new(false);
    let (registry_down, all_down, calls) = thread::scope(|scope| {
        let caller = scope.spawn(|| call_until(&over, &api));
        world.vendor.wait_for_requests("/api/me", 3);
        world.redis.kill();
        world.brokers[0].kill();
        world.registries[0].kill();
        let registry_down = Instant::now();
        postgres.stop();
        let all_down = Instant::now();
        wait_until_past(registry_down + BELIEVED * 2);
        over.store(true, Ordering::SeqCst);
        (registry_down, all_down, caller.join().unwrap())
    });
    let served = calls
        .iter()
        .filter(|(begun, _, status)| *begun > all_down && *status == 200)
        .count();
    assert!(served > 0, "{:?}", all_down - registry_down);
    for (begun, answered, status) in &calls {
        let late = begun.saturating_duration_since(registry_down);
        assert!(
            [200, 503].contains(status) && (*status == 503 || late <= BELIEVED),
            "{status} {late:?}"
        );
        assert!(*answered - *begun < BELIEVED, "{:?}", *answered - *begun);
    }
    assert_eq!(calls.last().map(|(_, _, status)| *status), Some(503));
    let refused = api.get(CALL);
    assert_eq!(refused.status, 503);
    assert!(
        refused.header("retry-after").is_some() && refused.json()["message"].is_string(),
        "{}",
        refused.text()
    );

    postgres.restart();
    world.redis.restart();
    world.brokers[0].restart();
    world.registries[0].restart();
    wait_until("calls pass again", SOON, || api.get(CALL).status == 200);
    world.services().for_each(Service::wait_until_ready);
}

#[test]
fn tokens_of_other_organizations_and_of_nobody_open_nothing_at_either_gateway() {
    let world = World::start();
    let instance = world.api(0).created(&by_code("one"));
    let token = instance["token"].as_str().unwrap();
    for gateway in [0, 1] {
        let api = world.api(gateway);
        assert_eq!(
            api.through(&instance).get(CALL).json(),
            json!({"code": "one"}),
            "{gateway}"
        );
        for authorization in [
            format!("User {}x, Element {token}", crate::world::USER),
            format!("User {}, Element {token}x", crate::world::USER),
            format!("Element {token}"),
        ] {
            let answer = api.called_by(&authorization).get(CALL);
            assert_eq!(answer.status, 401, "{}", answer.text());
            assert_eq!(answer.json()["reason"], Value::Null);
        }
    }
    assert_eq!(world.vendor.requests_to("/api/me").len(), 2);
}
