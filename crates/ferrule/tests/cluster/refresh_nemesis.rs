//! Tokens are refreshed and called while process after process is killed: what is lost was lost on its way, and only there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ferrule_model::Chance;
use ferrule_testkit::{Answer, Outcome, Refresh, wait_until};
use serde_json::Value;

use crate::api::Api;
use crate::service::{SOON, Service};
use crate::vendors::by_code;
use crate::world::World;

const INSTANCES: usize = 16;
const CALLERS: usize = 4;
const REFRESHES: usize = 60;
const CALL: &str = "/hubs/marketing/me";
/// Half of it before, half after the vendor has spent the token.
const THOUGHT: Duration = Duration::from_millis(60);
/// How long a broker may take from the vendor's last byte to the journal's acknowledgement, on a busy machine.
const WRITTEN_DOWN: Duration = Duration::from_millis(200);
/// How long a request that left may wait to be read by the vendor.
const READ: Duration = Duration::from_millis(100);
/// How long after its return Redis may be without what brokers have for it.
const CAUGHT_UP: Duration = Duration::from_secs(1);
/// A lease of this age is that of a registry that was killed: a refresh takes far less.
const LEFT_BEHIND: Duration = Duration::from_secs(8);
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Broker,
    Registry,
    Gateway,
    Redis,
}

#[derive(Debug)]
struct Kill {
    victim: Victim,
    at: Instant,
    /// When whoever was in its hands was lost or safe.
    over: Instant,
}

/// How many calls were answered how.
type Statuses = BTreeMap<String, usize>;

fn call_until(over: &AtomicBool, apis: &[Vec<Api>]) -> Statuses {
    let mut statuses = Statuses::new();
    let mut turn = 0;
    while !over.load(Ordering::SeqCst) {
        turn += 1;
        let of_one = &apis[turn % apis.len()];
        let kind = match of_one[turn / apis.len() % of_one.len()].try_get(CALL) {
            Ok(answer) => kind_of(&answer),
            Err(_) => "no answer".to_owned(),
        };
        *statuses.entry(kind).or_default() += 1;
    }
    statuses
}

fn kind_of(answer: &Answer) -> String {
    let reason = answer.json()["reason"].as_str().map(ToOwned::to_owned);
    match reason {
        Some(reason) => format!("{} {reason}", answer.status),
        None => answer.status.to_string(),
    }
}

/// Kills whatever chance says, at a moment that chance says, and starts it again at once.
fn kill_one(world: &mut World, chance: &Chance) -> Kill {
    let [victim, pair, moment, timing] = *chance.bytes::<4>();
    let pair = usize::from(pair) % 2;
    let pause = Duration::from_millis(u64::from(moment));
    let begun = Instant::now();
    wait_until("the moment has come", SOON, || begun.elapsed() >= pause);
    if timing % 2 == 0 {
        // In the middle of one.
        wait_until("a refresh is under way", SOON, || {
            begun.elapsed() > SOON / 3
                || world
                    .vendor
                    .refreshes()
                    .iter()
                    .any(|refresh| refresh.answered.is_none())
        });
    }
    let at = Instant::now();
    let (victim, service) = match victim % 7 {
        0 | 1 => (Victim::Broker, &mut world.brokers[pair]),
        2..=4 => (Victim::Registry, &mut world.registries[pair]),
        5 => (Victim::Gateway, &mut world.gateways[pair]),
        _ => {
            world.redis.restart();
            let over = Instant::now() + CAUGHT_UP;
            return Kill {
                victim: Victim::Redis,
                at,
                over,
            };
        }
    };
    service.kill();
    let over = Instant::now();
    service.restart();
    Kill { victim, at, over }
}

/// Calls and kills until there were enough refreshes.
fn under_fire(world: &mut World, apis: &[Vec<Api>]) -> (Vec<Kill>, Statuses) {
    let (over, chance) = (AtomicBool::new(false), Chance::system());
    let mut kills = Vec::new();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| scope.spawn(|| call_until(&over, apis)))
            .collect();
        while world.vendor.refreshes().len() < REFRESHES {
            kills.push(kill_one(world, &chance));
            world.end_leases_older_than(LEFT_BEHIND);
        }
        over.store(true, Ordering::SeqCst);
        let mut all = Statuses::new();
        for statuses in callers.into_iter().map(|caller| caller.join().unwrap()) {
            for (kind, count) in statuses {
                *all.entry(kind).or_default() += count;
            }
        }
        (kills, all)
    })
}

/// Whether the vendor's answer was between its last byte and the journal's acknowledgement when a broker died, or
/// while Redis could acknowledge nothing (design, "The window left").
fn is_in_the_window(refresh: &Refresh, kills: &[Kill]) -> bool {
    let end = refresh.answered.unwrap_or(refresh.asked + THOUGHT) + WRITTEN_DOWN;
    kills
        .iter()
        .filter(|kill| matches!(kill.victim, Victim::Broker | Victim::Redis))
        .any(|kill| kill.at <= end && kill.over + READ >= refresh.asked)
}

#[test]
fn whatever_is_killed_nothing_is_lost_but_what_was_on_its_way_to_a_broker_that_died() {
    let mut world = World::start();
    world.vendor.behave(|vendor| {
        vendor.access_ttl = 4;
        vendor.reuse_kills = true;
        vendor.thought = THOUGHT;
    });
    let codes: Vec<String> = (0..INSTANCES).map(|number| format!("code-{number}")).collect();
    let instances: Vec<Value> = codes
        .iter()
        .map(|code| world.api(0).created(&by_code(code)))
        .collect();
    let apis: Vec<Vec<Api>> = instances
        .iter()
        .map(|instance| {
            [0, 1]
                .map(|gateway| world.api(gateway).through(instance))
                .to_vec()
        })
        .collect();

    let (kills, statuses) = under_fire(&mut world, &apis);
    world.services().for_each(Service::wait_until_ready);
    world.vendor.behave(|vendor| vendor.access_ttl = 3600);

    // The last look at every instance.
    let mut lost = Vec::new();
    for (code, api) in codes.iter().zip(&apis) {
        let mut kind = String::new();
        wait_until(&format!("{code} has an end"), PATIENCE, || {
            world.end_leases_older_than(LEFT_BEHIND);
            kind = kind_of(&api[0].get(CALL));
            kind == "200" || kind == "401 REAUTHORIZATION_REQUIRED"
        });
        if kind != "200" {
            lost.push(code);
        }
        assert_eq!(kind, kind_of(&api[1].get(CALL)), "{code}");
        assert_eq!(
            kind == "200",
            !world.vendor.is_dead(code),
            "{code}: {:?}",
            world.vendor.refreshes_of(code)
        );
    }

    let refreshes = world.vendor.refreshes();
    let mut sent_again = 0;
    for code in &codes {
        let of_code = world.vendor.refreshes_of(code);
        for (place, refresh) in of_code.iter().enumerate() {
            let earlier = of_code[..place]
                .iter()
                .find(|earlier| earlier.refresh_token == refresh.refresh_token);
            if let Some(earlier) = earlier {
                sent_again += 1;
                assert!(
                    is_in_the_window(earlier, &kills),
                    "{code} was sent twice: {of_code:#?}\nkilled: {kills:#?}"
                );
            }
            // Nothing is scripted: the vendor still thinks about such a one.
            if !matches!(refresh.outcome, Outcome::Granted | Outcome::Scripted) {
                assert!(lost.contains(&code) && earlier.is_some(), "{of_code:?}");
            }
        }
    }
    let count = |victim| kills.iter().filter(|kill| kill.victim == victim).count();
    println!(
        "refreshes {}, sent again {sent_again}, instances {INSTANCES}, lost {} (all in the window); killed: {} brokers, {} registries, {} gateways, {} Redis; calls {statuses:?}",
        refreshes.len(),
        lost.len(),
        count(Victim::Broker),
        count(Victim::Registry),
        count(Victim::Gateway),
        count(Victim::Redis),
    );
    assert!(lost.len() <= sent_again, "{lost:?}");
    for kind in statuses.keys() {
        assert!(
            ["200", "503", "no answer", "401", "401 REAUTHORIZATION_REQUIRED"].contains(&kind.as_str()),
            "{statuses:?}"
        );
    }
    assert!(statuses.contains_key("200"), "{statuses:?}");
    let refused = statuses.contains_key("401 REAUTHORIZATION_REQUIRED");
    assert!(!lost.is_empty() || !refused, "{statuses:?}");
    let said: String = world.services().map(|service| service.output()).collect();
    assert!(!said.contains("panicked"), "{said}");
}
