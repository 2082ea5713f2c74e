//! A vendor fails in every way while tokens are refreshed: no instance is lost by it.

use std::time::Duration;

use ferrule_testkit::{Behaviour, Outcome, Postgres, Scripted, TokenEndpoint, wait_until};
use serde_json::json;

use crate::vendors::{by_code_of, keyed_at};
use crate::world::World;

const PATIENCE: Duration = Duration::from_mins(1);

/// Tokens that live for two seconds, at a vendor that ends a connection when a refresh token comes twice.
fn hasty() -> Behaviour {
    Behaviour {
        access_ttl: 2,
        reuse_kills: true,
        ..Behaviour::default()
    }
}

/// What a vendor does to refreshes, one after the other, before it works again.
struct Fault {
    name: &'static str,
    prepare: fn(&TokenEndpoint),
    behaviour: fn() -> Behaviour,
    /// How many requests bring the same refresh token.
    requests: usize,
    /// The least time between the first and the second of them.
    pause: Duration,
}

impl Fault {
    /// Two refreshes fail, the third one works.
    fn twice(name: &'static str, prepare: fn(&TokenEndpoint)) -> Self {
        Self {
            name,
            prepare,
            behaviour: hasty,
            requests: 3,
            pause: Duration::ZERO,
        }
    }
}

fn script_twice(vendor: &TokenEndpoint, answer: &Scripted) {
    vendor.script_refresh(answer.clone());
    vendor.script_refresh(answer.clone());
}

fn faults() -> Vec<Fault> {
    let two_seconds = Duration::from_secs(2);
    vec![
        Fault::twice("500", |vendor| {
            script_twice(vendor, &Scripted::json(500, &json!({"error": "server_error"})));
        }),
        Fault::twice("502 page", |vendor| {
            script_twice(vendor, &Scripted::new(502, "text/html", "<h1>Bad gateway</h1>"));
        }),
        Fault::twice("401 page", |vendor| {
            script_twice(vendor, &Scripted::new(401, "text/html", "<h1>Who are you?</h1>"));
        }),
        Fault::twice("429", |vendor| {
            script_twice(vendor, &Scripted::json(429, &json!({})));
        }),
        Fault {
            requests: 2,
            pause: two_seconds,
            ..Fault::twice("429 until", |vendor| {
                vendor.script_refresh(
                    Scripted::json(429, &json!({"error": "slow"})).with_header("Retry-After", "2"),
                );
            })
        },
        Fault {
            requests: 2,
            pause: two_seconds,
            ..Fault::twice("503 until", |vendor| {
                vendor.script_refresh(Scripted::new(503, "text/html", "").with_header("Retry-After", "2"));
            })
        },
        Fault::twice("429 nonsense", |vendor| {
            script_twice(
                vendor,
                &Scripted::json(429, &json!({})).with_header("Retry-After", "whenever"),
            );
        }),
        Fault::twice("garbage", |vendor| {
            script_twice(vendor, &Scripted::new(200, "application/json", vec![0xff; 5000]));
        }),
        Fault::twice("page", |vendor| {
            script_twice(vendor, &Scripted::new(200, "text/html", "<p>access_token=x</p>"));
        }),
        Fault::twice("empty", |vendor| {
            script_twice(
                vendor,
                &Scripted::json(200, &json!({"access_token": "", "expires_in": 2})),
            );
        }),
        Fault::twice("dropped", |vendor| script_twice(vendor, &Scripted::cut())),
        Fault::twice("cut head", |vendor| {
            script_twice(vendor, &Scripted::json(200, &json!({})).cut_after(20));
        }),
        Fault {
            // It answered, and would answer the same token again: the answer that was lost is asked for anew.
            behaviour: || Behaviour {
                rotate: false,
                ..hasty()
            },
            ..Fault::twice("cut body", |vendor| {
                vendor.change_refresh(|answer| answer.cut_after(150));
                vendor.change_refresh(|answer| answer.cut_after(150));
            })
        },
        Fault {
            requests: 1,
            ..Fault::twice("slow", |vendor| {
                vendor.change_refresh(|answer| answer.after(Duration::from_secs(5)));
            })
        },
        Fault {
            // Later than anybody waits for it, and kept all the same: the token that it holds is the only one.
            requests: 1,
            ..Fault::twice("late", |vendor| {
                vendor.change_refresh(|answer| answer.after(Duration::from_secs(22)));
            })
        },
    ]
}

#[test]
fn whatever_a_vendor_answers_to_a_refresh_no_instance_is_lost() {
    let faults = faults();
    let mut world = World::of(2, Postgres::shared().fresh_database());
    let vendors: Vec<_> = faults
        .iter()
        .map(|fault| TokenEndpoint::start((fault.behaviour)()))
        .collect();
    for (number, vendor) in vendors.iter().enumerate() {
        let key = format!("faulty{number}");
        world = world.with_connector(&key, &keyed_at(&key, vendor));
    }
    let world = world.up();
    let mut instances = Vec::new();
    for (number, (fault, vendor)) in faults.iter().zip(&vendors).enumerate() {
        (fault.prepare)(vendor);
        instances.push(
            world
                .api(number % 2)
                .created(&by_code_of(&format!("faulty{number}"), fault.name)),
        );
    }
    for ((fault, vendor), instance) in faults.iter().zip(&vendors).zip(&instances) {
        let path = format!("/instances/{}", instance["id"]);
        let mut last = Vec::new();
        wait_until(&format!("{}: it is refreshed", fault.name), PATIENCE, || {
            let shown = world.api(0).get(&path).json();
            assert_eq!(shown["valid"], true, "{}: {shown}", fault.name);
            last = vendor.refreshes();
            last.iter()
                .filter(|one| one.outcome == Outcome::Granted && one.answered.is_some())
                .count()
                > fault.requests
        });
        let answer = world.api(1).through(instance).get("/hubs/marketing/me");
        assert_eq!(answer.status, 200, "{}: {}", fault.name, answer.text());
        assert!(!vendor.is_dead(fault.name), "{}: {last:?}", fault.name);
        if fault.name != "cut body" {
            let first = &last[0].refresh_token;
            let same = last.iter().filter(|one| one.refresh_token == *first).count();
            assert_eq!(same, fault.requests, "{}: {last:?}", fault.name);
        }
        if fault.pause > Duration::ZERO {
            let pause = last[1].asked - last[0].asked;
            assert!(pause >= fault.pause, "{}: {pause:?}", fault.name);
        }
    }
}
