//! `kill -9` in the middle of an exchange: the code is never sent twice, and an answer that came is kept.

use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use ferrule_testkit::{Answer, Behaviour, TokenEndpoint, wait_until};
use serde_json::json;

use crate::vendors::{acme_at, by_code, by_handshake, intercom_at};
use crate::world::{Ferrule, World};

/// An exchange that nobody answered is over after half a minute; until then a repeat is told to come back.
const EXCHANGE_LIMIT: Duration = Duration::from_mins(1);

/// Repeats until the answer is not "in a moment".
fn settled(ferrule: &Ferrule, code: &str) -> Answer {
    let mut settled = None;
    wait_until("the exchange is settled", EXCHANGE_LIMIT, || {
        let answer = ferrule.api.post("/instances", &by_code("intercom", code));
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some(), "{}", answer.text());
            return false;
        }
        settled = Some(answer);
        true
    });
    settled.unwrap()
}

/// When anything below a folder was last written.
pub fn last_write(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            if metadata.is_dir() {
                last_write(&entry.path())
            } else {
                metadata.modified().ok()
            }
        })
        .max()
}

#[test]
fn killed_while_the_vendor_thinks_the_code_is_not_sent_again() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let mut ferrule = world.start();
    let held = vendor.hold();
    let api = ferrule.api.clone();
    let call = thread::spawn(move || {
        api.try_send("POST", "/instances", &[], &by_code("intercom", "one").to_string())
    });
    vendor.wait_for_requests("/token", 1);
    ferrule.process.kill();
    drop(held);
    assert!(call.join().unwrap().is_err(), "nobody is there to answer");

    let ferrule = world.start();
    let answer = settled(&ferrule, "one");
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("log in again"),
        "{}",
        answer.text()
    );
    assert_eq!(vendor.token_requests_for("one"), 1);
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));
}

#[test]
fn killed_once_the_answer_was_written_down_a_repeat_gets_the_instance() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let handshakes = world.data_dir().join("handshakes");
    for code in ["one", "two", "three"] {
        let mut ferrule = world.start();
        let held = vendor.hold();
        let api = ferrule.api.clone();
        let body = by_code("intercom", code).to_string();
        let call = thread::spawn(move || api.try_send("POST", "/instances", &[], &body));
        wait_until("the code is at the vendor", EXCHANGE_LIMIT, || {
            vendor.token_requests_for(code) == 1
        });
        let before = last_write(&handshakes);
        drop(held);
        // The next thing that is written is the answer.
        while last_write(&handshakes) == before {
            thread::yield_now();
        }
        ferrule.process.kill();
        let first = call.join().unwrap();

        let ferrule = world.start();
        let repeated = settled(&ferrule, code);
        assert_eq!(repeated.status, 200, "{}", repeated.text());
        assert_eq!(vendor.token_requests_for(code), 1);
        if let Ok(first) = first {
            assert_eq!(first.json(), repeated.json());
        }
        ferrule.stop();
    }
}

#[test]
fn killed_after_any_write_no_code_is_sent_twice_and_no_answered_instance_is_lost() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let mut told = Vec::new();
    for (round, writes) in [1, 2, 3, 4, 1, 2, 3, 4].into_iter().enumerate() {
        let code = format!("code-{round}");
        let mut ferrule = world.start();
        let api = ferrule.api.clone();
        let body = by_code("intercom", &code).to_string();
        let mut seen = last_write(&world.data_dir());
        let call = thread::spawn(move || api.try_send("POST", "/instances", &[], &body));
        let mut left = writes;
        while left > 0 && !call.is_finished() {
            let now = last_write(&world.data_dir());
            left -= i32::from(now != seen);
            seen = now;
        }
        ferrule.process.kill();
        told.push((code, call.join().unwrap().ok()));
    }
    let ferrule = world.start();
    for (code, first) in told {
        let repeated = settled(&ferrule, &code);
        assert!(vendor.token_requests_for(&code) <= 1, "{code}");
        assert!(
            matches!(repeated.status, 200 | 502),
            "{code}: {}",
            repeated.text()
        );
        if let Some(first) = first {
            assert_eq!(
                (first.status, repeated.status),
                (200, 200),
                "{code}: {}",
                repeated.text()
            );
            assert_eq!(first.json(), repeated.json(), "{code}");
        }
    }
}

#[test]
fn killed_between_login_and_claim_the_handshake_is_still_there() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let port = ferrule_testkit::free_port();
    let world = World::new()
        .with_connector("acme", &acme_at(&vendor))
        .with("FERRULE_LISTEN", &format!("127.0.0.1:{port}"));
    let mut ferrule = world.start();
    let begun = ferrule
        .api
        .oauth_url("acme", &[("apiKey", "k"), ("apiSecret", "s")]);
    ferrule.process.kill();
    let mut ferrule = world.start();
    let landing = ferrule_testkit::Browser::new().open(&begun);
    let handshake = landing.parameter("handshake").unwrap();
    ferrule.process.kill();
    let ferrule = world.start();
    let made = ferrule.api.post("/instances", &by_handshake("acme", &handshake));
    assert_eq!(made.status, 200, "{}", made.text());
}

#[test]
fn killed_after_a_deletion_the_vendor_is_still_asked_to_revoke() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    vendor.script_at("/revoke", ferrule_testkit::Scripted::json(503, &json!({})));
    let world = World::new().with_connector("acme", &acme_at(&vendor));
    let mut ferrule = world.start();
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    assert_eq!(
        ferrule.api.delete(&format!("/instances/{}", made["id"])).status,
        200
    );
    vendor.wait_for_requests("/revoke", 1);
    ferrule.process.kill();
    let _ferrule = world.start();
    vendor.wait_for_requests("/revoke", 2);
    let asked = vendor.requests_to("/revoke");
    assert_eq!(asked[1].parameter("token"), asked[0].parameter("token"));
    assert!(
        asked[1].parameter("token").unwrap().starts_with("refresh-"),
        "{asked:?}"
    );
}

#[test]
fn a_stop_lets_what_is_in_flight_end() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let mut ferrule = world.start();
    let held = vendor.hold();
    let api = ferrule.api.clone();
    let call = thread::spawn(move || api.post("/instances", &by_code("intercom", "one")));
    vendor.wait_for_requests("/token", 1);
    ferrule.process.terminate();
    ferrule.process.wait_for_line("stopping");
    drop(held);
    let answer = call.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(ferrule.process.wait().success());
}
