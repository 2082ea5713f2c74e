//! How long a credential is believed, and who learns of a change when.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ferrule_model::Clock;
use ferrule_testkit::{Answer, HttpClient, wait_until};
use ferrule_wire::Reason;
use tonic::Status;

use crate::registry::{ID, ORGANIZATION, TOKEN, USER};
use crate::vendor::{Vendor, answer, ok, registry};
use crate::world::{World, by_token, platform, refused, settings};

const LIMIT: Duration = Duration::from_secs(10);
const SECOND: Duration = Duration::from_secs(1);

fn get(world: &World) -> Answer {
    HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", &by_token())])
}

fn resolved(world: &World) -> usize {
    world.registry.resolved.lock().unwrap().len()
}

fn micros_from_now(millis: i64) -> i64 {
    Clock::system().now().as_microsecond() + millis * 1000
}

#[test]
fn a_warm_call_asks_nobody_but_the_vendor() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let began = Instant::now();
    let calls = (0..50).filter(|_| get(&world).status == 200).count();
    assert_eq!(calls, 50);
    assert!(resolved(&world) <= 1 + usize::try_from(began.elapsed().as_secs()).unwrap());
    assert_eq!(world.registry.mood.calls(), resolved(&world));
}

#[test]
fn with_the_registry_away_a_warm_credential_serves_for_a_second_and_no_longer() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    assert_eq!(get(&world).status, 200);
    world.registry.mood.fail(Status::unavailable("gone"));
    let mut served = Vec::new();
    wait_until("the credential is forgotten", LIMIT, || {
        let sent = Instant::now();
        let answer = get(&world);
        served.extend((answer.status == 200).then_some(sent));
        answer.status == 503 && answer.header("retry-after").is_some()
    });
    // The registry was asked before it was reached, and a call is served after it was sent.
    let reached = world.registry.reached.lock().unwrap()[0];
    assert!(served.iter().all(|sent| *sent <= reached + SECOND), "{served:?}");
    assert!(!served.is_empty());
}

#[test]
fn on_another_gateway_a_disabled_instance_is_refused_within_a_second_also_with_the_registry_away() {
    for registry_ends in [false, true] {
        let vendor = Vendor::saying("x");
        let registry = registry();
        let here = World::build(settings(), Arc::clone(&registry), Some(vendor.connector()));
        let there = World::build(settings(), Arc::clone(&registry), Some(vendor.connector()));
        assert_eq!((get(&here).status, get(&there).status), (200, 200));

        let path = format!("/instances/{ID}/enabled");
        assert_eq!(here.send("DELETE", &path, Some(&platform()), "").status, 200);
        let changed = Instant::now();
        if registry_ends {
            registry.mood.fail(Status::unavailable("gone"));
        }
        let status = if registry_ends { 503 } else { 403 };
        refused(&get(&here), status);
        let mut last = changed;
        wait_until("the other gateway knows", LIMIT, || {
            let sent = Instant::now();
            let answer = get(&there);
            if answer.status == 200 {
                last = sent;
            }
            answer.status == status
        });
        assert!(last - changed <= SECOND, "{:?}", last - changed);
    }
}

#[test]
fn a_credential_is_the_answer_to_all_that_was_presented() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    assert_eq!(get(&world).status, 200);
    for authorization in [
        format!("User {USER}x, Element {TOKEN}"),
        format!("User {USER}, Element {TOKEN}, Organization x"),
        format!("User {USER}, Element {TOKEN}x"),
    ] {
        let answer = HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", &authorization)]);
        refused(&answer, 401);
    }
    let whole = format!("Organization {ORGANIZATION}, {}", by_token());
    let answer = HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", &whole)]);
    assert_eq!(answer.status, 200);
}

#[test]
fn a_credential_is_not_kept_past_the_moment_its_refresh_falls_due_and_then_for_a_moment_only() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    world.registry.credential.lock().unwrap().refresh_due_at = Some(micros_from_now(200));
    let began = Instant::now();
    wait_until("the registry is asked five times", LIMIT, || {
        get(&world);
        resolved(&world) >= 5
    });
    assert!(began.elapsed() < 4 * SECOND, "{:?}", began.elapsed());
}

#[test]
fn one_question_serves_everybody_who_waits() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    // At its end already: nothing is kept, and only those who wait share an answer.
    world.registry.credential.lock().unwrap().expires_at = Some(micros_from_now(0));
    world.registry.mood.hold();
    let (url, authorization) = (world.api("/hubs/crm/a"), by_token());
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let (url, authorization) = (url.clone(), authorization.clone());
            std::thread::spawn(move || {
                HttpClient::new()
                    .get(&url, &[("Authorization", &authorization)])
                    .status
            })
        })
        .collect();
    wait_until("everybody has an answer", LIMIT, || {
        world.registry.mood.release();
        calls.iter().all(std::thread::JoinHandle::is_finished)
    });
    assert!(calls.into_iter().all(|call| call.join().unwrap() == 200));
    assert!(resolved(&world) < 20, "{}", resolved(&world));
}

/// Answers 401 to tokens older than this version.
fn vendor_that_wants(version: i64) -> Vendor {
    let wanted = format!("Bearer vendor-token-{version}");
    Vendor::start(move |seen| match seen.header("authorization") {
        Some(token) if token == wanted => ok(&String::from_utf8_lossy(&seen.body)),
        _ => answer(
            "401 Unauthorized",
            "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n",
            "vendor's",
        ),
    })
}

#[test]
fn the_vendors_401_renews_the_token_and_repeats_the_call_once() {
    for (method, headers, body, text) in [
        ("GET", None, String::new(), String::new()),
        ("POST", None, "small".to_owned(), "small".to_owned()),
        ("POST", None, "x".repeat(64 * 1024), "x".repeat(64 * 1024)),
        (
            "PUT",
            Some(("Transfer-Encoding", "chunked")),
            "5\r\nchunk\r\n0\r\n\r\n".to_owned(),
            "chunk".to_owned(),
        ),
    ] {
        let vendor = vendor_that_wants(2);
        let world = vendor.world();
        world.registry.renews.store(true, Ordering::SeqCst);
        let authorization = by_token();
        let mut sent = vec![("Authorization", authorization.as_str()), ("X-Own", "1")];
        sent.extend(headers);
        let answer = HttpClient::new()
            .request(method, &world.api("/hubs/crm/a?q"), &sent, body.as_bytes())
            .unwrap();
        assert_eq!((answer.status, answer.text()), (200, text), "{method}");
        let seen = vendor.seen();
        assert_eq!(seen.len(), 2);
        assert_eq!((&seen[0].line, &seen[0].body), (&seen[1].line, &seen[1].body));
        assert_eq!(seen[1].header("x-own"), Some("1"));
        let asked: Vec<_> = world
            .registry
            .resolved
            .lock()
            .unwrap()
            .iter()
            .map(|asked| asked.refused_version)
            .collect();
        assert_eq!(asked, [None, Some(1)]);
        // The new token is kept.
        get(&world);
        assert_eq!(vendor.seen().len(), 3);
    }
}

#[test]
fn a_401_is_the_answer_where_repeating_does_not_help() {
    // No newer token, and one that the vendor refuses as well.
    for (wanted, renews, sent) in [(2, false, 1), (9, true, 2)] {
        let vendor = vendor_that_wants(wanted);
        let world = vendor.world();
        world.registry.renews.store(renews, Ordering::SeqCst);
        let answer = get(&world);
        assert_eq!((answer.status, answer.text().as_str()), (401, "vendor's"));
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Bearer error=\"invalid_token\"")
        );
        assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
        assert_eq!(vendor.seen().len(), sent);
    }
}

#[test]
fn a_body_too_large_to_keep_is_not_sent_twice_and_the_next_call_has_the_new_token() {
    let vendor = vendor_that_wants(2);
    let world = vendor.world();
    world.registry.renews.store(true, Ordering::SeqCst);
    let large = "x".repeat(64 * 1024 + 1);
    let answer = world.send("POST", "/hubs/crm/a", Some(&by_token()), &large);
    assert_eq!((answer.status, vendor.seen().len()), (401, 1));
    wait_until("the token was renewed", LIMIT, || resolved(&world) == 2);
    assert_eq!(get(&world).status, 200);
}

#[test]
fn what_the_registry_knows_of_a_401_outranks_it_and_its_absence_does_not() {
    let vendor = vendor_that_wants(2);
    let world = vendor.world();
    assert_eq!(get(&world).text(), "vendor's");
    let warm = || {
        // A fresh answer of the registry's, before it changes its mind.
        let world = vendor.world();
        world.registry.credential.lock().unwrap().version = 7;
        world
    };
    let world = warm();
    world
        .registry
        .mood
        .refuse_renewals(Reason::ReauthorizationRequired, "Log in again.");
    let answer = get(&world);
    assert_eq!(refused(&answer, 401), "Log in again.");
    assert_eq!(answer.json()["reason"], "REAUTHORIZATION_REQUIRED");

    let world = warm();
    world.registry.mood.refuse_renewals(Reason::Unavailable, "Later.");
    assert_eq!(get(&world).text(), "vendor's");
}
