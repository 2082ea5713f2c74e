//! Tokens that end stay alive: ahead of their end with nobody calling, on a call, after a restart.

use std::thread;
use std::time::{Duration, Instant};

use ferrule_testkit::{Answer, Behaviour, Outcome, Scripted, TokenEndpoint, wait_until};
use serde_json::{Value, json};

use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Api, Ferrule, World};

const LIMIT: Duration = Duration::from_secs(30);
/// How long tokens live where that matters.
const LIFE: Duration = Duration::from_secs(4);
/// And where it need not be longer.
const SHORT_LIFE: Duration = Duration::from_secs(2);

/// A vendor whose tokens live that long, and which ends a connection when a refresh token comes twice.
fn living(life: Duration) -> Behaviour {
    Behaviour {
        access_ttl: life.as_secs(),
        reuse_kills: true,
        ..Behaviour::default()
    }
}

struct Connected {
    vendor: TokenEndpoint,
    world: World,
    ferrule: Ferrule,
    instance: Value,
    made: Instant,
}

/// One instance, made of the code `one`, at a vendor of its own.
fn connected(behaviour: Behaviour) -> Connected {
    let vendor = TokenEndpoint::start(behaviour);
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let ferrule = world.start();
    let instance = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    Connected {
        vendor,
        world,
        ferrule,
        instance,
        made: Instant::now(),
    }
}

impl Connected {
    fn by_token(&self) -> Api {
        let token = self.instance["token"].as_str().unwrap();
        self.ferrule.api.by_token(token)
    }

    fn call(&self) -> Answer {
        self.by_token().get("/hubs/crm/me")
    }

    fn path(&self) -> String {
        format!("/instances/{}", self.instance["id"])
    }

    fn wait_for_refreshes(&self, count: usize) {
        wait_until(&format!("there were {count} refreshes"), LIMIT, || {
            self.refreshes()
                .iter()
                .filter(|one| one.answered.is_some())
                .count()
                >= count
        });
    }

    fn refreshes(&self) -> Vec<ferrule_testkit::Refresh> {
        self.vendor.refreshes_of("one")
    }

    fn wait_until_old(&self, age: Duration) {
        wait_until("the tokens are old enough", LIMIT, || self.made.elapsed() >= age);
    }

    fn assert_alive(&self) {
        let answer = self.call();
        assert_eq!((answer.status, answer.json()), (200, json!({"code": "one"})));
        assert!(!self.vendor.is_dead("one"), "{:?}", self.refreshes());
        assert!(self.vendor.requests_to("/api/me").len() < 1000);
    }
}

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

#[test]
fn a_refusal_is_final_until_the_user_logs_in_again() {
    let connected = connected(living(SHORT_LIFE));
    connected.vendor.revoke("one");
    wait_until("the instance is not valid", LIMIT, || {
        connected.ferrule.api.get(&connected.path()).json()["valid"] == false
    });
    let shown = connected.ferrule.api.get(&connected.path()).json();
    assert_eq!(shown["reason"], "REAUTHORIZATION_REQUIRED");
    let mut refused = None;
    wait_until("calls are refused", LIMIT, || {
        let answer = connected.call();
        // A token with life left is served, and the vendor's own answer is a 401 too.
        let reason = answer.json()["reason"] == "REAUTHORIZATION_REQUIRED";
        assert_eq!(answer.status, 401, "{}", answer.text());
        refused = reason.then(|| answer.json());
        reason
    });
    let refused = refused.unwrap();
    let words = refused["message"].as_str().unwrap();
    assert!(words.contains(&format!("PATCH {}", connected.path())), "{words}");
    assert!(
        refused["providerMessage"]
            .as_str()
            .unwrap()
            .starts_with("invalid_grant"),
        "{refused}"
    );
    for _ in 0..5 {
        assert_eq!(connected.call().status, 401);
        assert_eq!(connected.by_token().get("/ping").status, 401);
    }
    assert_eq!(connected.refreshes().len(), 1, "nobody asks a dead token again");

    let code = json!({"providerData": {"code": "two"}});
    let again = connected.ferrule.api.patch(&connected.path(), &code);
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(
        (&again.json()["valid"], again.json().get("reason")),
        (&json!(true), None)
    );
    let answer = connected.call();
    assert_eq!((answer.status, answer.json()), (200, json!({"code": "two"})));
    wait_until("the new tokens are refreshed", LIMIT, || {
        !connected.vendor.refreshes_of("two").is_empty()
    });
    assert_eq!(connected.call().status, 200);
}

#[test]
fn a_vendor_app_that_is_refused_pauses_its_instances_and_a_corrected_secret_revives_them() {
    let connected = connected(living(SHORT_LIFE));
    connected
        .vendor
        .script_refresh(Scripted::json(401, &json!({"error": "invalid_client"})));
    let reason = || connected.ferrule.api.get(&connected.path()).json()["reason"].clone();
    wait_until("the app is refused", LIMIT, || reason() == "APP_MISCONFIGURED");
    connected.wait_until_old(SHORT_LIFE);
    let refused = connected.call();
    assert_eq!(
        (refused.status, &refused.json()["reason"]),
        (502, &json!("APP_MISCONFIGURED"))
    );
    let corrected = json!({"configuration": {"oauth.api.secret": "another-secret"}});
    let patched = connected.ferrule.api.patch(&connected.path(), &corrected);
    assert_eq!(patched.status, 200, "{}", patched.text());
    wait_until("it works again", LIMIT, || connected.call().status == 200);
    assert_eq!(reason(), Value::Null);
    let secrets: Vec<_> = connected.vendor.requests_to("/token");
    let last = secrets.last().unwrap();
    assert_eq!(last.parameter("client_secret").as_deref(), Some("another-secret"));
    connected.assert_alive();
}
