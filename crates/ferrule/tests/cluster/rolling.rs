//! Services are replaced one after the other while everybody works.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use ferrule_testkit::{Postgres, wait_until};

use crate::service::{SOON, Service};
use crate::vendors::by_code;
use crate::world::World;

/// Calls that each kind of service answers while one of its replicas is replaced.
const CALLS: usize = 60;

/// Gateways and registries know every replica of whom they call.
pub fn replicated(world: &mut World) {
    let all = |services: &[Service]| {
        let urls = services
            .iter()
            .map(|service| format!("http://{}", service.address));
        urls.collect::<Vec<_>>().join(",")
    };
    let (brokers, registries) = (all(&world.brokers), all(&world.registries));
    for caller in world.gateways.iter_mut().chain(&mut world.registries) {
        caller.set("FERRULE_BROKER_URL", &brokers);
    }
    for gateway in &mut world.gateways {
        gateway.set("FERRULE_REGISTRY_URL", &registries);
    }
}

#[test]
fn registries_and_brokers_restart_in_turn_and_no_call_fails() {
    let mut world = World::of(2, Postgres::shared().fresh_database());
    replicated(&mut world);
    let mut world = world.up();
    let api = world.api(0);
    let instance = api.created(&by_code("before"));
    let (over, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let callers: Vec<_> = (0..6)
            .map(|caller| {
                let (api, over, made, instance) = (api.clone(), &over, &made, &instance);
                scope.spawn(move || {
                    let mut failed = Vec::new();
                    let mut round = 0;
                    while !over.load(Ordering::Relaxed) {
                        round += 1;
                        // Reads, calls through the instance, and what spends a code.
                        let answer = match caller % 3 {
                            0 => api.get("/instances"),
                            1 => api.through(instance).get("/hubs/marketing/me"),
                            _ => api.create(&by_code(&format!("code-{caller}-{round}"))),
                        };
                        if answer.status != 200 {
                            failed.push(format!("{}: {}", answer.status, answer.text()));
                        }
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    failed
                })
            })
            .collect();
        for service in world.registries.iter_mut().chain(&mut world.brokers) {
            service.terminate();
            service.ends_well();
            service.restart();
            let enough = made.load(Ordering::Relaxed) + CALLS;
            wait_until("calls go on", SOON, || made.load(Ordering::Relaxed) >= enough);
        }
        over.store(true, Ordering::Relaxed);
        let failed: Vec<_> = callers
            .into_iter()
            .flat_map(|caller| caller.join().unwrap())
            .collect();
        assert!(
            failed.is_empty(),
            "{} of {}: {:?}",
            failed.len(),
            made.load(Ordering::Relaxed),
            failed.first()
        );
    });
}
