//! `kill -9` in the middle of a refresh: no token is sent twice on purpose, and an answer that was written down is kept.

use std::thread;
use std::time::Duration;

use ferrule_testkit::{Behaviour, Outcome, Refresh, Scripted, TokenEndpoint, wait_until};
use serde_json::{Value, json};

use crate::crashes::last_write;
use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Ferrule, World};

const LIMIT: Duration = Duration::from_secs(30);

struct Connected {
    vendor: TokenEndpoint,
    world: World,
    ferrule: Ferrule,
    instance: Value,
}

/// One instance of the code `one`, whose refresh waits at the vendor for what is returned beside it.
fn in_the_middle_of_a_refresh() -> (Connected, ferrule_testkit::Held) {
    let vendor = TokenEndpoint::start(Behaviour {
        access_ttl: 2,
        reuse_kills: true,
        ..Behaviour::default()
    });
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let ferrule = world.start();
    let instance = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    let held = vendor.hold();
    wait_until("the refresh is at the vendor", LIMIT, || {
        vendor.refreshes().len() == 1
    });
    let connected = Connected {
        vendor,
        world,
        ferrule,
        instance,
    };
    (connected, held)
}

impl Connected {
    fn start_again(&mut self) {
        self.ferrule = self.world.start();
    }

    fn status(&self) -> u16 {
        let token = self.instance["token"].as_str().unwrap();
        self.ferrule.api.by_token(token).get("/hubs/crm/me").status
    }

    fn refreshes(&self) -> Vec<Refresh> {
        self.vendor.refreshes()
    }

    /// The call works, now and after another refresh.
    fn assert_lives_on(&self) {
        wait_until("calls pass again", LIMIT, || self.status() == 200);
        let before = self.refreshes().len();
        wait_until("it is refreshed again", LIMIT, || {
            self.refreshes().len() > before && self.refreshes().iter().all(|one| one.answered.is_some())
        });
        assert_eq!(self.status(), 200);
        assert!(!self.vendor.is_dead("one"), "{:?}", self.refreshes());
    }
}

#[test]
fn killed_before_the_vendor_did_anything_the_token_is_tried_again() {
    let (mut connected, held) = in_the_middle_of_a_refresh();
    connected.ferrule.process.kill();
    connected
        .vendor
        .script_refresh(Scripted::json(500, &json!({"error": "server_error"})));
    drop(held);
    wait_until("the vendor is done with it", LIMIT, || {
        connected.refreshes()[0].answered.is_some()
    });
    connected.start_again();
    connected.assert_lives_on();
    let refreshes = connected.refreshes();
    assert_eq!(refreshes[0].refresh_token, refreshes[1].refresh_token);
    assert_eq!(
        (refreshes[0].outcome, refreshes[1].outcome),
        (Outcome::Scripted, Outcome::Granted)
    );
}

#[test]
fn killed_while_the_only_new_token_was_on_its_way_the_user_is_asked_to_log_in_again() {
    let (mut connected, held) = in_the_middle_of_a_refresh();
    connected.ferrule.process.kill();
    drop(held);
    wait_until("the vendor is done with it", LIMIT, || {
        connected.refreshes()[0].answered.is_some()
    });
    connected.start_again();
    let path = format!("/instances/{}", connected.instance["id"]);
    wait_until("it is known", LIMIT, || {
        connected.ferrule.api.get(&path).json()["reason"] == "REAUTHORIZATION_REQUIRED"
    });
    connected.ferrule.process.wait_for_line("answer_lost");
    wait_until("calls are refused", LIMIT, || connected.status() == 401);
    let outcomes: Vec<_> = connected.refreshes().iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Outcome::Granted, Outcome::Reused]);
}

#[test]
fn killed_once_the_new_token_was_written_down_it_is_kept() {
    let (mut connected, held) = in_the_middle_of_a_refresh();
    let journal = connected.world.data_dir().join("handshakes");
    let before = last_write(&journal);
    drop(held);
    // The next thing that is written is the vendor's answer.
    while last_write(&journal) == before {
        thread::yield_now();
    }
    connected.ferrule.process.kill();
    connected.start_again();
    connected.assert_lives_on();
    let mut sent: Vec<_> = connected
        .refreshes()
        .iter()
        .map(|one| one.refresh_token.clone())
        .collect();
    let all = sent.len();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), all, "no refresh token was sent twice");
}

#[test]
fn a_stop_in_the_middle_of_a_refresh_waits_for_its_answer() {
    let (mut connected, held) = in_the_middle_of_a_refresh();
    connected.ferrule.process.terminate();
    connected.ferrule.process.wait_for_line("stopping");
    drop(held);
    assert!(connected.ferrule.process.wait().success());
    connected.start_again();
    connected.assert_lives_on();
    for refresh in connected.refreshes() {
        assert_eq!(refresh.outcome, Outcome::Granted);
    }
}
