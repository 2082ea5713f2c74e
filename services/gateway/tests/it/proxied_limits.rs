//! Limits on calls through instances: none unless set.

use std::num::NonZeroU32;
use std::time::Duration;

use ferrule_gateway::Settings;
use ferrule_gateway::settings::Limit;
use ferrule_testkit::{Answer, HttpClient, wait_until};

use crate::vendor::{Vendor, ok};
use crate::world::{World, by_token, platform, refused, settings};

fn get(world: &World) -> Answer {
    HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", &by_token())])
}

fn rate(rate: u32) -> Limit {
    Limit {
        rate: NonZeroU32::new(rate),
        concurrency: None,
    }
}

fn wait(answer: &Answer) -> u64 {
    answer.header("retry-after").unwrap().parse().unwrap()
}

#[test]
fn nothing_is_limited_unless_set() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    assert!((0..300).all(|_| get(&world).status == 200));
}

#[test]
fn more_calls_a_second_than_allowed_are_a_429_that_says_when_to_come_again() {
    for (settings, who) in [
        (
            Settings {
                instance_limit: rate(3),
                ..settings()
            },
            "instance",
        ),
        (
            Settings {
                organization_limit: rate(3),
                ..settings()
            },
            "organization",
        ),
    ] {
        let vendor = Vendor::saying("x");
        let world = vendor.world_with(settings);
        let refusal = (0..100)
            .map(|_| get(&world))
            .find(|answer| answer.status != 200)
            .unwrap();
        assert!(refused(&refusal, 429).contains(who));
        assert_eq!(wait(&refusal), 1);
        assert_eq!(refusal.header("elements-element-instance-id"), Some("594927"));
        // What is no call through an instance is not counted.
        assert_eq!(world.send("GET", "/instances", Some(&platform()), "").status, 200);
        wait_until("the second is over", Duration::from_secs(5), || {
            get(&world).status == 200
        });
    }
}

#[test]
fn more_calls_at_once_than_allowed_are_a_429_until_one_ends() {
    let (let_go, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let vendor = Vendor::start(move |seen| {
        if seen.target().ends_with("/slow") {
            held.lock().unwrap().recv().unwrap();
        }
        ok("x")
    });
    let world = vendor.world_with(Settings {
        instance_limit: Limit {
            rate: None,
            concurrency: NonZeroU32::new(1),
        },
        ..settings()
    });
    let (url, authorization) = (world.api("/hubs/crm/slow"), by_token());
    let slow = std::thread::spawn(move || HttpClient::new().get(&url, &[("Authorization", &authorization)]));
    wait_until("the slow call runs", Duration::from_secs(10), || {
        vendor.connections() == 1 && get(&world).status == 429
    });
    assert_eq!(wait(&get(&world)), 1);
    let_go.send(()).unwrap();
    assert_eq!(slow.join().unwrap().status, 200);
    wait_until("its place is free", Duration::from_secs(10), || {
        get(&world).status == 200
    });
}
