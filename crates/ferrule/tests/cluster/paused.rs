//! A process that is there and does not answer.

use std::thread;
use std::time::{Duration, Instant};

use crate::service::SOON;
use crate::vendors::by_code;
use crate::world::{CLIENT, World};

/// The longest deadline, of an exchange, and a little more.
const LONGEST: Duration = Duration::from_secs(30);

#[test]
fn a_paused_broker_makes_no_call_hang_and_its_code_is_still_exchanged_once() {
    let mut world = World::start();
    world.brokers[0].pause(true);
    let begun = Instant::now();
    let call = {
        let api = world.api(0);
        thread::spawn(move || api.create(&by_code("code-for-a-paused-broker")))
    };
    let query: Vec<_> = CLIENT
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let url = format!("/elements/acme/oauth/url?{}", query.join("&"));
    assert_eq!(world.api(0).get(&url).status, 503);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    world.gateways[0].wait_until_not_ready("oauth-broker");
    assert_eq!(world.api(1).get(&url).status, 200);
    let answer = call.join().unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());

    // Whether or not it takes up the call that nobody waits for any more.
    world.brokers[0].pause(false);
    let instance = world.api(1).created(&by_code("code-for-a-paused-broker"));
    world.gateways[0].wait_until_ready();
    assert_eq!(
        world.api(0).created(&by_code("code-for-a-paused-broker")),
        instance
    );
    assert_eq!(world.vendor.token_requests_for("code-for-a-paused-broker"), 1);
}
