//! Processes are replaced under the others.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ferrule_testkit::{Postgres, wait_until};

use crate::service::{SOON, Service};
use crate::vendors::{by_code, by_handshake};
use crate::world::{USER, World};

#[test]
fn whoever_calls_a_restarted_peer_reconnects_by_itself() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let api = world.api(0);
    api.created(&by_code("before"));
    for (round, restart) in [
        (|world: &mut World| world.brokers[0].restart()) as fn(&mut World),
        |world| world.registries[0].restart(),
    ]
    .into_iter()
    .enumerate()
    {
        restart(&mut world);
        let body = by_code(&format!("after restart {round}"));
        wait_until("instances can be made again", SOON, || {
            let answer = api.create(&body);
            assert!([200, 503].contains(&answer.status), "{}", answer.text());
            answer.status == 200
        });
        assert_eq!(world.vendor.requests_to("/token").len(), round + 2);
    }
}

#[test]
fn a_post_in_flight_is_finished_while_everything_is_asked_to_stop() {
    let mut world = World::of(1, Postgres::shared().fresh_database()).up();
    let (api, again) = (world.api(0), world.api(0));
    let held = world.vendor.hold();
    let call = thread::spawn(move || api.create(&by_code("in flight")));
    world.vendor.wait_for_requests("/token", 1);

    world.services().for_each(Service::terminate);
    wait_until("nobody else is let in", SOON, || {
        world
            .services()
            .all(|service| TcpStream::connect(&service.address).is_err())
    });
    drop(held);
    let answer = call.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    world.services().for_each(Service::ends_well);

    let mut world = world.up();
    let instance = again.created(&by_code("in flight"));
    assert_eq!(instance["id"], answer.json()["id"]);
    assert_eq!(world.vendor.token_requests_for("in flight"), 1);
    world.services().for_each(Service::terminate);
    world.services().for_each(Service::ends_well);
}

#[test]
fn a_deletion_holds_at_once_everywhere_and_its_revocation_survives_crashes() {
    let mut world = World::start();
    let handshake = world.logged_in(0, 1, "acme");
    let instance = world.api(0).created(&by_handshake("acme", &handshake));
    let token = instance["token"].as_str().unwrap();
    let by_token = world.api(1).called_by(&format!("User {USER}, Element {token}"));
    assert_eq!(by_token.get("/instances").status, 200);

    world.brokers[0].kill();
    let path = format!("/instances/{}", instance["id"]);
    assert_eq!(world.api(0).delete(&path).status, 200);
    world.registries[0].kill();
    assert_eq!(world.api(1).get(&path).status, 404);
    let a_second = Duration::from_secs(2);
    wait_until("the token is dead", a_second, || {
        by_token.get("/instances").status == 401
    });
    assert_eq!(world.api(1).create(&by_handshake("acme", &handshake)).status, 400);

    world.brokers[0].restart();
    world.registries[0].restart();
    world.vendor.wait_for_requests("/revoke", 1);
    let revoked = world.vendor.requests_to("/revoke")[0].parameter("token").unwrap();
    assert!(revoked.starts_with("refresh-"), "{revoked}");
    let emptied = format!(
        "SELECT count(*) FROM instances WHERE id = {} AND erased = 1 AND refresh_token IS NULL",
        instance["id"]
    );
    wait_until("its row is emptied", SOON, || {
        Postgres::shared().query(&world.database, &emptied).trim() == "1"
    });
}
