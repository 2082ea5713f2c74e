//! Tokens that end stay alive: ahead of their end with nobody calling, on a call, after a restart.

use std::thread;
use std::time::Duration;

use ferrule_testkit::{Behaviour, Outcome, TokenEndpoint, wait_until};
use serde_json::json;

use crate::connected::{LIFE, LIMIT, SHORT_LIFE, connected, living};
use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Ferrule, World};

#[test]
fn tokens_of_four_seconds_stay_alive_with_nobody_calling() {
    let connected = connected(living(LIFE));
    connected.wait_for_refreshes(3);
    let mut before = connected.made;
    for refresh in connected.refreshes() {
        assert_eq!(refresh.outcome, Outcome::Granted);
        assert!(refresh.asked - before < LIFE, "{:?}", refresh.asked - before);
        before = refresh.asked;
    }
    connected.assert_alive();
    assert_eq!(connected.vendor.requests_to("/api/me").len(), 1);
}

#[test]
fn a_token_that_ended_while_ferrule_was_down_is_refreshed_once_for_all_who_call() {
    let mut connected = connected(living(LIFE));
    connected.ferrule.process.terminate();
    assert!(connected.ferrule.process.wait().success());
    connected.wait_until_old(LIFE);
    let held = connected.vendor.hold();
    connected.ferrule = connected.world.start();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..40).map(|_| scope.spawn(|| connected.call())).collect();
        connected.vendor.wait_for_requests("/token", 2);
        drop(held);
        for caller in callers {
            let answer = caller.join().unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    });
    assert_eq!(connected.refreshes().len(), 1);
    connected.assert_alive();
}

#[test]
fn a_token_that_the_vendor_refuses_is_refreshed_once_and_the_call_repeated_once() {
    let connected = connected(living(LIFE));
    connected.assert_alive();
    connected.vendor.end_access();
    // Younger than half its life, the refusal must have another cause.
    assert_eq!(connected.call().status, 401);
    assert_eq!(connected.refreshes().len(), 0);

    connected.wait_until_old(LIFE / 2 + Duration::from_millis(100));
    let sent = json!({"name": "sent twice"});
    let answer = connected.by_token().post("/hubs/crm/deals", &sent);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let seen = connected.vendor.requests_to("/api/deals");
    assert_eq!(seen.len(), 2);
    for request in &seen {
        assert_eq!(request.body, sent.to_string().as_bytes());
    }
    assert_ne!(seen[0].header("authorization"), seen[1].header("authorization"));
    assert_eq!(connected.refreshes().len(), 1);
    connected.assert_alive();
}

#[test]
fn whatever_the_vendor_says_of_the_lifetime_the_instance_lives_and_nothing_loops() {
    // What a refresh answers, and whether another one must follow within two seconds.
    let cases = [
        (json!({"expires_in": "2"}), true),
        (json!({"expires_in": 2.0}), true),
        (json!({"expires_in": null}), false),
        (json!({"expires_in": 0}), false),
        (json!({"expires_in": -5}), false),
        (json!({"expires_in": "soon"}), false),
        (json!({"expires_in": 1e300}), false),
        (json!({"expires_in": u64::MAX}), false),
    ];
    let vendors: Vec<_> = cases
        .iter()
        .map(|_| TokenEndpoint::start(living(SHORT_LIFE)))
        .collect();
    let mut world = World::new();
    for (number, vendor) in vendors.iter().enumerate() {
        let key = format!("acme{number}");
        let file = acme_with_api_at(vendor).replace("\"acme\"", &format!("\"{key}\""));
        world = world.with_connector(&key, &file);
    }
    let ferrule = world.start();
    let mut tokens = Vec::new();
    for (number, (vendor, (members, _))) in vendors.iter().zip(&cases).enumerate() {
        let made = ferrule
            .api
            .post("/instances", &by_code(&format!("acme{number}"), "one"));
        tokens.push(made.json()["token"].as_str().unwrap().to_owned());
        // What follows lives for an hour, whatever is said.
        vendor.behave(|behaviour| behaviour.access_ttl = 3600);
        let members = members.clone();
        vendor.change_refresh(move |answer| answer.with_members(&members));
    }
    wait_until("all that must be refreshed again are", LIMIT, || {
        vendors.iter().zip(&cases).all(|(vendor, (_, again))| {
            let answered = vendor
                .refreshes()
                .iter()
                .filter(|one| one.answered.is_some())
                .count();
            answered >= if *again { 2 } else { 1 }
        })
    });
    for ((token, vendor), (members, again)) in tokens.iter().zip(&vendors).zip(&cases) {
        let answer = ferrule.api.by_token(token).get("/hubs/crm/me");
        assert_eq!(answer.status, 200, "{members}: {}", answer.text());
        let refreshes = vendor.refreshes().len();
        assert_eq!(refreshes, if *again { 2 } else { 1 }, "{members}");
    }
}

#[test]
fn a_refresh_token_that_is_not_replaced_is_used_again() {
    let connected = connected(Behaviour {
        rotate: false,
        ..living(SHORT_LIFE)
    });
    connected.wait_for_refreshes(3);
    let refreshes = connected.refreshes();
    for refresh in &refreshes {
        assert_eq!(
            (refresh.outcome, &refresh.refresh_token),
            (Outcome::Granted, &refreshes[0].refresh_token)
        );
    }
    connected.assert_alive();
}

#[test]
fn tokens_without_an_end_are_never_refreshed() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let other = TokenEndpoint::start(living(SHORT_LIFE));
    let other_file = acme_with_api_at(&other).replace("\"acme\"", "\"other\"");
    let world = World::new()
        .with_connector("acme", &acme_with_api_at(&vendor))
        .with_connector("other", &other_file);
    let mut ferrule = world.start();
    vendor.change_exchange(|answer| {
        answer.with_members(&json!({"expires_in": null, "refresh_token": null, "token_type": null}))
    });
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    ferrule.api.post("/instances", &by_code("other", "two"));
    let call = |ferrule: &Ferrule| {
        ferrule
            .api
            .by_token(made["token"].as_str().unwrap())
            .get("/hubs/crm/me")
    };
    assert_eq!(call(&ferrule).status, 200);
    // The refresher works, also after a restart.
    wait_until("the other one is refreshed", LIMIT, || {
        !other.refreshes().is_empty()
    });
    ferrule.stop();
    let before = other.refreshes().len();
    ferrule = world.start();
    wait_until("the other one is refreshed again", LIMIT, || {
        other.refreshes().len() > before
    });
    assert_eq!(call(&ferrule).status, 200);
    // A 401 is the vendor's own word then.
    vendor.end_access();
    let refused = call(&ferrule);
    assert_eq!(
        (refused.status, refused.json()),
        (401, json!({"error": "invalid_token"}))
    );
    assert_eq!(vendor.refreshes().len(), 0);
    let shown = ferrule.api.get(&format!("/instances/{}", made["id"])).json();
    assert_eq!(shown["valid"], true);
}
