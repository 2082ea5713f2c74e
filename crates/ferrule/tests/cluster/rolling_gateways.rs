//! Every process is replaced, one after the other, behind a balancer: callers who keep their connections notice nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ferrule_testkit::{Balancer, KeptConnection, Postgres, wait_until};

use crate::rolling::replicated;
use crate::service::{SOON, Service};
use crate::vendors::by_code;
use crate::world::{CLIENT, ORGANIZATION, USER, World};

/// Calls that are answered before the next process is replaced.
const CALLS: usize = 150;

/// The longest that one call in a hundred may take while something is replaced, on a machine that does much else.
const SLOW: Duration = Duration::from_secs(2);

/// What one caller saw.
#[derive(Default)]
struct Seen {
    failed: Vec<String>,
    took: Vec<Duration>,
    connections: usize,
}

#[test]
fn all_processes_restart_in_turn_and_no_call_on_a_kept_connection_fails() {
    let mut world = World::of(2, Postgres::shared().fresh_database());
    replicated(&mut world);
    let mut world = world.up();
    let gateways = world.gateways.iter().map(|gateway| gateway.address.clone());
    let balancer = Balancer::over(gateways);
    let instance = world.api(0).created(&by_code("before"));
    let owner = format!("User {USER}, Organization {ORGANIZATION}");
    let through = format!("User {USER}, Element {}", instance["token"].as_str().unwrap());
    let query: Vec<_> = CLIENT.map(|(name, value)| format!("{name}={value}")).into();
    let calls = [
        (format!("/elements/acme/oauth/url?{}", query.join("&")), &owner),
        ("/instances".to_owned(), &owner),
        ("/hubs/marketing/me".to_owned(), &through),
    ];
    let (over, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let seen: Vec<Seen> = thread::scope(|scope| {
        let callers: Vec<_> = (0..6)
            .map(|caller| {
                let ((path, authorization), over, made) = (&calls[caller % 3], &over, &made);
                let target = format!("/elements/api-v2{path}");
                let mut connection = KeptConnection::to(&balancer.address());
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    while !over.load(Ordering::Relaxed) {
                        let began = Instant::now();
                        match connection.get(&target, &[("Authorization", authorization)]) {
                            Ok(answer) if answer.status == 200 => {}
                            Ok(answer) => seen.failed.push(format!("{}: {}", answer.status, answer.text())),
                            Err(error) => seen.failed.push(format!("broken off: {error}")),
                        }
                        seen.took.push(began.elapsed());
                        made.fetch_add(1, Ordering::Relaxed);
                    }
                    seen.connections = connection.opened();
                    seen
                })
            })
            .collect();
        let goes_on = || {
            let enough = made.load(Ordering::Relaxed) + CALLS;
            wait_until("calls go on", SOON, || made.load(Ordering::Relaxed) >= enough);
        };
        goes_on();
        for (place, gateway) in world.gateways.iter_mut().enumerate() {
            // As an orchestrator does: first nobody new is sent there, then it is told to stop.
            balancer.rest(place, true);
            replace(gateway);
            balancer.rest(place, false);
            goes_on();
        }
        for service in world.registries.iter_mut().chain(&mut world.brokers) {
            replace(service);
            goes_on();
        }
        over.store(true, Ordering::Relaxed);
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    tell(&seen);
    let failed: Vec<_> = seen.iter().flat_map(|seen| &seen.failed).collect();
    assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), failed.first());
    assert!(
        seen.iter().all(|seen| seen.connections > 1),
        "nobody met a restart"
    );
    assert!(slowest_hundredth(&seen) < SLOW, "{:?}", slowest_hundredth(&seen));
}

fn replace(service: &mut Service) {
    service.terminate();
    service.ends_well();
    service.restart();
}

fn slowest_hundredth(seen: &[Seen]) -> Duration {
    let mut took: Vec<_> = seen.iter().flat_map(|seen| seen.took.iter().copied()).collect();
    took.sort();
    took[took.len() * 99 / 100]
}

#[expect(
    clippy::print_stdout,
    reason = "what was measured belongs to the test's output"
)]
fn tell(seen: &[Seen]) {
    let calls: usize = seen.iter().map(|seen| seen.took.len()).sum();
    println!("{calls} calls, p99 {:?}", slowest_hundredth(seen));
}
