//! Many tokens that end together.

use std::thread;
use std::time::Duration;

use ferrule_testkit::{Behaviour, Outcome, TokenEndpoint, wait_until};
use serde_json::json;

use crate::vendors::{acme_with_api_at, by_code};
use crate::world::World;

const INSTANCES: usize = 200;
const CALLERS: usize = 8;
/// The most refreshes of one connector under way at once.
const AT_ONCE: usize = 128;
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn two_hundred_tokens_that_end_together_are_each_refreshed_once_and_no_call_fails() {
    let vendor = TokenEndpoint::start(Behaviour {
        access_ttl: 4,
        reuse_kills: true,
        thought: Duration::from_millis(200),
        ..Behaviour::default()
    });
    let ferrule = World::new()
        .with_connector("acme", &acme_with_api_at(&vendor))
        .start();
    let instances: Vec<_> = (0..INSTANCES)
        .map(|number| {
            let made = ferrule
                .api
                .post("/instances", &by_code("acme", &format!("code-{number}")));
            made.json()["token"].as_str().unwrap().to_owned()
        })
        .collect();
    // What they get next lasts.
    vendor.behave(|behaviour| behaviour.access_ttl = 3600);
    wait_until("the first ones are due", LIMIT, || !vendor.refreshes().is_empty());
    // On a slow machine the first ones were due more than once meanwhile.
    let before = vendor.refreshes().len();
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (instances, ferrule) = (&instances, &ferrule);
            scope.spawn(move || {
                for (number, token) in instances.iter().enumerate().skip(caller).step_by(CALLERS) {
                    let answer = ferrule.api.by_token(token).get("/hubs/crm/me");
                    let whose = json!({"code": format!("code-{number}")});
                    assert_eq!((answer.status, answer.json()), (200, whose));
                }
            });
        }
    });
    wait_until("all are refreshed", LIMIT, || {
        let refreshes = vendor.refreshes();
        // Of those under way just then, the answers may have lasted already.
        refreshes.len() + AT_ONCE >= before + INSTANCES
            && refreshes.iter().all(|refresh| refresh.answered.is_some())
    });
    let refreshes = vendor.refreshes();
    let each_once = before + INSTANCES + AT_ONCE;
    assert!(refreshes.len() <= each_once, "{} of {each_once}", refreshes.len());
    for refresh in &refreshes {
        assert_eq!(refresh.outcome, Outcome::Granted, "{refresh:?}");
        let together = refreshes.iter().filter(|other| {
            other.asked <= refresh.asked && other.answered.is_some_and(|end| end > refresh.asked)
        });
        assert!(together.count() <= AT_ONCE);
    }
}
