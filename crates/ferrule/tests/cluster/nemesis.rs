//! Callers go on while process after process is killed under them; what was promised holds afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ferrule_testkit::{Answer, wait_until};
use serde_json::Value;

use crate::api::Api;
use crate::service::Service;
use crate::vendors::by_code;
use crate::world::World;

const CALLERS: usize = 6;
const KILLS: usize = 28;

/// A broker that died with a code in its hands is waited for 30 s.
const PATIENCE: Duration = Duration::from_mins(1);

/// What one code came to.
enum Came {
    To(Value),
    /// The vendor's answer is lost, and the caller was told so.
    Unknown,
}

/// Repeats the call at one gateway after the other until it has an outcome.
fn insist(apis: &[Api], code: &str) -> Came {
    let mut tries = 0;
    let mut outcome = None;
    wait_until(&format!("{code} has an outcome"), PATIENCE, || {
        tries += 1;
        match apis[tries % apis.len()].try_create(&by_code(code)) {
            Ok(answer @ Answer { status: 200, .. }) => outcome = Some(Came::To(answer.json())),
            Ok(Answer { status: 502, .. }) => outcome = Some(Came::Unknown),
            Ok(answer) => assert_eq!(answer.status, 503, "{code}: {}", answer.text()),
            // The gateway itself was killed.
            Err(_) => {}
        }
        outcome.is_some()
    });
    outcome.expect("the condition that was waited for")
}

#[test]
fn whatever_is_killed_no_code_is_sent_twice_and_no_instance_is_lost() {
    let mut world = World::start();
    let apis = [world.api(0), world.api(1)];
    let (over, codes) = (AtomicBool::new(false), AtomicUsize::new(0));
    let outcomes: BTreeMap<String, Came> = thread::scope(|scope| {
        let caller = || {
            let mut outcomes = Vec::new();
            while !over.load(Ordering::SeqCst) {
                let code = format!("code-{}-under-fire", codes.fetch_add(1, Ordering::SeqCst));
                let came = insist(&apis, &code);
                outcomes.push((code, came));
            }
            outcomes
        };
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(caller)).collect();
        for kill in 0..KILLS {
            let seen = codes.load(Ordering::SeqCst);
            match kill % 7 {
                6 => world.redis.restart(),
                victim => {
                    let victim = world.services().nth(victim).unwrap();
                    victim.restart();
                }
            }
            wait_until("callers get on", PATIENCE, || {
                codes.load(Ordering::SeqCst) > seen + CALLERS
            });
        }
        over.store(true, Ordering::SeqCst);
        callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap())
            .collect()
    });

    world.services().for_each(Service::wait_until_ready);
    let mut ids = BTreeSet::new();
    for (code, came) in &outcomes {
        let requests = world.vendor.token_requests_for(code);
        match came {
            Came::To(instance) => {
                assert_eq!(requests, 1, "{code}");
                assert!(ids.insert(instance["id"].as_u64()), "{code}: {instance}");
                let found = world.api(0).get(&format!("/instances/{}", instance["id"])).json();
                assert_eq!(found["token"], instance["token"], "{code}");
            }
            Came::Unknown => {
                // A broker that dies just before it sends the code leaves the same trace as just after.
                assert!(requests <= 1, "{code}");
                assert_eq!(world.api(0).create(&by_code(code)).status, 502, "{code}");
            }
        }
    }
    assert!(ids.len() > KILLS, "{} of {} codes", ids.len(), outcomes.len());
    let postgres = ferrule_testkit::Postgres::shared();
    let rows = postgres.query(&world.database, "SELECT count(*) FROM instances");
    assert_eq!(rows.trim(), ids.len().to_string());
    let said: String = world.services().map(|service| service.output()).collect();
    assert!(!said.contains("panicked"), "{said}");
}
