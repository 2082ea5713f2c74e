//! Redis or PostgreSQL answers, and takes nothing.

use std::thread;
use std::time::{Duration, Instant};

use ferrule_testkit::{Answer, Postgres, Redis, free_port, wait_until};
use serde_json::Value;

use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_handshake};
use crate::world::{CLIENT, World};

const CALL: &str = "/hubs/marketing/me";

fn oauth_url() -> String {
    let query: Vec<_> = CLIENT.map(|(name, value)| format!("{name}={value}")).into();
    format!("/elements/acme/oauth/url?{}", query.join("&"))
}

fn assert_try_again(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 503, "{what}: {}", answer.text());
    assert!(answer.header("retry-after").is_some(), "{what}");
}

/// Begins a fault, or ends it.
type Fault = fn(&Redis, bool);

/// How Redis comes to take nothing.
const FAULTS: [(&str, Fault); 3] = [
    ("full", |redis, on| {
        redis.command(&["CONFIG", "SET", "maxmemory", if on { "1" } else { "0" }]);
    }),
    ("read-only", |redis, on| {
        let nowhere = free_port().to_string();
        let [host, port] = if on {
            ["127.0.0.1", &nowhere]
        } else {
            ["NO", "ONE"]
        };
        redis.command(&["REPLICAOF", host, port]);
    }),
    ("silent", Redis::pause),
];

#[test]
fn a_redis_that_takes_nothing_is_said_in_time_and_what_is_stored_serves() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let api = world.api(0);
    let instance = api.created(&by_code("before"));
    for (fault, set) in FAULTS {
        let handshake = world.logged_in(0, 0, "acme");
        let (code, spent) = (format!("code-{fault}"), world.vendor.requests_to("/token").len());
        set(&world.redis, true);
        let began = Instant::now();
        assert_try_again(fault, &api.get(&oauth_url()));
        assert_try_again(fault, &api.create(&by_code(&code)));
        assert_try_again(fault, &api.create(&by_handshake("acme", &handshake)));
        assert!(began.elapsed() < 3 * SOON, "{fault}: {:?}", began.elapsed());
        assert_eq!(
            world.vendor.requests_to("/token").len(),
            spent,
            "{fault}: no code left"
        );
        assert_eq!(api.through(&instance).get(CALL).status, 200, "{fault}");
        assert_eq!(api.get("/instances").status, 200, "{fault}");
        set(&world.redis, false);
        world.services().for_each(Service::wait_until_ready);
        api.created(&by_code(&code));
        api.created(&by_handshake("acme", &handshake));
        assert_eq!(world.vendor.token_requests_for(&code), 1, "{fault}");
    }
}

#[test]
fn a_redis_that_forgets_while_a_code_is_exchanged_makes_no_second_request() {
    let world = World::start();
    let forgotten = world.logged_in(0, 0, "acme");
    let held = world.vendor.hold();
    let call = {
        let api = world.api(0);
        thread::spawn(move || api.create(&by_code("in flight")))
    };
    world.vendor.wait_for_requests("/token", 1);
    world.redis.command(&["FLUSHALL"]);
    drop(held);
    let answer = call.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(world.api(1).created(&by_code("in flight")), answer.json());
    assert_eq!(world.vendor.token_requests_for("in flight"), 1);
    // A login that was not over begins again: it is unknown, and nothing of it was sent.
    let answer = world.api(1).create(&by_handshake("acme", &forgotten));
    assert_eq!(answer.status, 404, "{}", answer.text());
    assert_eq!(world.vendor.requests_to("/token").len(), 1);
}

/// Ends every session of the database, so that what was altered holds for all.
fn end_sessions(postgres: &Postgres, database: &str) {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    postgres.query(database, end);
}

#[test]
fn a_database_that_takes_no_writes_has_nothing_refreshed_and_good_tokens_serve() {
    let postgres = Postgres::start();
    let mut world = World::of(2, postgres.fresh_database()).up();
    let good = world.api(0).created(&by_code("good"));
    world.vendor.behave(|vendor| vendor.access_ttl = 6);
    let due: Value = world.api(0).created(&by_code("due"));
    let name = world.database.rsplit('/').next().unwrap().to_owned();
    let read_only = |on: &str| {
        let elsewhere = world.database.replace(&name, "postgres");
        let alter = format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}");
        postgres.query(&elsewhere, &alter);
        end_sessions(&postgres, &world.database);
    };
    read_only("on");
    let asked = world.vendor.refreshes().len();
    let began = Instant::now();
    assert_try_again("create", &world.api(0).create(&by_code("meanwhile")));
    wait_until("its token is over and says so", SOON, || {
        world.api(1).through(&due).get(CALL).status == 503 && began.elapsed() > Duration::from_secs(7)
    });
    for gateway in [0, 1] {
        let api = world.api(gateway);
        assert_eq!(api.through(&good).get(CALL).status, 200);
        assert_eq!(api.get("/instances").status, 200);
    }
    assert_eq!(
        world.vendor.refreshes().len(),
        asked,
        "no refresh without its intent"
    );
    assert_eq!(world.vendor.token_requests_for("meanwhile"), 0);
    read_only("off");
    wait_until("it is refreshed", SOON, || {
        world.api(0).through(&due).get(CALL).status == 200
    });
    world.api(0).created(&by_code("meanwhile"));
    world.services().for_each(Service::wait_until_ready);
}

#[test]
fn a_database_with_few_connections_or_none_to_give_is_said_in_time_and_works_again() {
    let postgres = Postgres::start();
    let as_owner = postgres.fresh_database();
    let name = as_owner.rsplit('/').next().unwrap().to_owned();
    postgres.query(&as_owner, "CREATE ROLE few LOGIN");
    postgres.query(&as_owner, &format!("ALTER DATABASE {name} OWNER TO few"));
    let mut world = World::of(1, as_owner.replace("postgres@", "few@")).up();
    let at_most = |connections: &str| {
        postgres.query(
            &as_owner,
            &format!("ALTER ROLE few CONNECTION LIMIT {connections}"),
        );
        end_sessions(&postgres, &as_owner);
    };
    let api = world.api(0);
    let instance = api.created(&by_code("before"));

    at_most("0");
    let began = Instant::now();
    assert_try_again("create", &api.create(&by_code("meanwhile")));
    assert_try_again("call", &api.through(&instance).get(CALL));
    assert!(began.elapsed() < 2 * SOON, "{:?}", began.elapsed());
    assert_eq!(world.vendor.token_requests_for("meanwhile"), 0);

    at_most("2");
    world.services().for_each(Service::wait_until_ready);
    let codes: Vec<_> = (0..6).map(|number| format!("at once {number}")).collect();
    let answers = thread::scope(|scope| {
        let create = |code: &String| {
            let (api, body) = (world.api(0), by_code(code));
            scope.spawn(move || api.create(&body))
        };
        let calls: Vec<_> = codes.iter().map(create).collect();
        calls
            .into_iter()
            .map(|call| call.join().unwrap())
            .collect::<Vec<_>>()
    });
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_try_again("at once", answer);
    }
    for code in &codes {
        wait_until("each is made", SOON, || api.create(&by_code(code)).status == 200);
        assert_eq!(world.vendor.token_requests_for(code), 1, "{code}");
    }
    at_most("-1");
    world.services().for_each(Service::wait_until_ready);
    api.created(&by_code("meanwhile"));
}

#[test]
fn a_statement_that_is_cut_off_is_said_and_made_again() {
    let postgres = Postgres::start();
    let world = World::of(1, postgres.fresh_database()).up();
    let api = world.api(0);
    let instance = api.created(&by_code("before"));
    let name = world.database.rsplit('/').next().unwrap();
    let limit = format!("ALTER DATABASE {name} SET statement_timeout = 500");
    postgres.query(&world.database, &limit);
    end_sessions(&postgres, &world.database);
    let locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted
                  AND relation = 'instances'::regclass";
    thread::scope(|scope| {
        let lock = "SET statement_timeout = 0; BEGIN; LOCK TABLE instances; SELECT pg_sleep(8); COMMIT";
        scope.spawn(|| postgres.query(&world.database, lock));
        wait_until("the table is locked", SOON, || {
            postgres.query(&world.database, locked).trim() == "1"
        });
        assert_try_again("call", &api.through(&instance).get(CALL));
        assert_try_again("create", &api.create(&by_code("meanwhile")));
    });
    wait_until("calls pass", SOON, || {
        api.through(&instance).get(CALL).status == 200
    });
    let made = api.created(&by_code("meanwhile"));
    assert_eq!(api.through(&made).get(CALL).status, 200);
    assert_eq!(world.vendor.token_requests_for("meanwhile"), 1);
}
