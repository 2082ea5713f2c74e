//! What somebody has who took the database, Redis and every log: nothing (security requirements 15 and 44).

use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_testkit::{CLIENT_ID, CLIENT_SECRET, Postgres, Scripted, wait_until};
use serde_json::{Value, json};

use crate::search::find;
use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_handshake};
use crate::world::{CLIENT, ORGANIZATION, USER, World};

/// Texts in which no secret may stand, each with the name of where it is from.
#[derive(Default)]
struct Loot(Vec<(String, String)>);

impl Loot {
    fn take_stores(&mut self, when: &str, world: &World) {
        let database = Postgres::shared().dump(&world.database);
        assert!(database.contains("COPY public.instances"), "{database}");
        self.0.push((format!("PostgreSQL, {when}"), database));
        let redis = String::from_utf8_lossy(&world.redis.dump()).into_owned();
        assert!(redis.contains("v1.k1."), "{redis}");
        self.0.push((format!("Redis, {when}"), redis));
    }

    fn take_error(&mut self, answer: &ferrule_testkit::Answer, status: u16) {
        assert_eq!(answer.status, status, "{}", answer.text());
        self.0.push((format!("an answer {status}"), answer.text()));
    }
}

#[test]
fn no_dump_no_log_and_no_error_holds_a_secret_of_the_run() {
    let mut world = World::of(2, Postgres::shared().fresh_database())
        .with("FERRULE_LOG", "trace")
        .up();
    let mut loot = Loot::default();
    let mut secrets = vec![USER.to_owned(), ORGANIZATION.to_owned(), CLIENT_SECRET.to_owned()];

    // Handshakes at every stage, and tokens that nobody has confirmed yet.
    let pending = world
        .api(0)
        .oauth_url("acme", &[&CLIENT[..], &[("state", "callers-own-state")]].concat());
    let attached = world.logged_in(0, 1, "acme");
    let claimed = world.logged_in(1, 0, "acme");
    loot.take_stores("logged in", &world);
    let instance = world.api(1).created(&by_handshake("acme", &claimed));
    let held = world.vendor.hold();
    let (api, body) = (world.api(0), by_code("code-whose-registry-died"));
    let call = thread::spawn(move || api.create(&body));
    world.vendor.wait_for_requests("/token", 2);
    world.registries[0].kill();
    loot.take_error(&call.join().unwrap(), 503);
    let before = world.redis.dump();
    drop(held);
    wait_until("the answer is kept", SOON, || world.redis.dump() != before);
    loot.take_stores("with an answer that nobody has", &world);
    world.registries[0].restart();
    world.gateways[0].wait_until_ready();
    let other = world.api(1).created(&by_code("code-whose-registry-died"));

    let fresh = refreshed(&mut world, &mut loot);

    // A vendor that repeats what it was told, one that fails, one that says nonsense.
    let words = format!("no: code-that-is-refused {CLIENT_SECRET} {CLIENT_ID}");
    let refusal = json!({"error": "invalid_grant", "error_description": words});
    world.vendor.script(Scripted::json(400, &refusal));
    loot.take_error(&world.api(0).create(&by_code("code-that-is-refused")), 400);
    world.vendor.script(Scripted::json(500, &refusal));
    loot.take_error(&world.api(1).create(&by_code("code-that-is-lost")), 502);
    world.vendor.script(Scripted::new(
        200,
        "text/html",
        "<p>access_token=token-in-a-page</p>",
    ));
    loot.take_error(&world.api(0).create(&by_code("code-for-a-page")), 502);
    let token = instance["token"].as_str().unwrap();
    let foreign = format!("User {USER}x, Element {token}");
    loot.take_error(&world.api(0).called_by(&foreign).get("/instances"), 401);
    let by_token = format!("User {USER}, Element {token}");
    assert_eq!(
        world.api(1).called_by(&by_token).get("/instances").json(),
        instance
    );
    let gone = world.api(0).delete(&format!("/instances/{}", instance["id"]));
    assert_eq!(gone.status, 200, "{}", gone.text());
    world.vendor.wait_for_requests("/revoke", 1);
    loot.take_stores("at the end", &world);

    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
    for (name, service) in ["broker", "broker", "registry", "registry", "gateway", "gateway"]
        .iter()
        .zip(world.services())
    {
        let log = service.output();
        assert!(log.contains("DEBUG"), "{name}: {log}");
        loot.0.push((format!("the log of a {name}"), log));
    }

    secrets.extend(world.vendor.secrets());
    secrets.extend(
        world
            .vendor
            .requests_to("/token")
            .iter()
            .flat_map(|request| ["code", "code_verifier"].map(|name| request.parameter(name)))
            .flatten(),
    );
    secrets.extend([
        attached,
        claimed,
        state_of(&pending),
        "token-in-a-page".to_owned(),
    ]);
    secrets.extend([&instance, &other, &fresh].map(|made| made["token"].as_str().unwrap().to_owned()));
    let key = world.master_keys.strip_prefix("k1:").unwrap().to_owned();
    secrets.extend([hex::encode(STANDARD.decode(&key).unwrap()), key]);
    assert!(
        secrets.len() > 20 && secrets.iter().all(|secret| secret.len() > 12),
        "{secrets:?}"
    );
    for (place, text) in &loot.0 {
        assert_eq!(find(text, &secrets), None, "in {place}");
    }
}

/// An instance whose tokens are refreshed and called with, also while an answer waits that no registry has.
fn refreshed(world: &mut World, loot: &mut Loot) -> Value {
    world.vendor.behave(|vendor| vendor.access_ttl = 2);
    let fresh = world.api(0).created(&by_code("code-whose-tokens-are-refreshed"));
    wait_until("it is refreshed", SOON, || {
        world.vendor.refreshes().iter().any(|one| one.answered.is_some())
    });
    let call = |world: &World| world.api(1).through(&fresh).get("/hubs/marketing/me");
    assert_eq!(call(world).status, 200);
    let held = world.vendor.hold();
    wait_until("a refresh is under way", SOON, || {
        world.vendor.refreshes().iter().any(|one| one.answered.is_none())
    });
    world.registries.iter_mut().for_each(Service::kill);
    drop(held);
    wait_until("its answer is kept", SOON, || {
        String::from_utf8_lossy(&world.redis.dump()).contains("refresh:")
    });
    loot.take_stores("with a refreshed pair that nobody has", world);
    world.vendor.behave(|vendor| vendor.access_ttl = 3600);
    world.registries.iter_mut().for_each(Service::restart);
    world.end_leases_older_than(Duration::ZERO);
    wait_until("it is fetched", SOON, || call(world).status == 200);
    world.services().for_each(Service::wait_until_ready);
    fresh
}

fn state_of(authorization_url: &str) -> String {
    let url = url::Url::parse(authorization_url).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state");
    state.expect("a state").1.into_owned()
}
