//! Somebody writes to the database: what is sealed opens in its own place alone.

use ferrule_testkit::{Answer, Behaviour, TokenEndpoint};

use crate::organizations::{THEIR_USER, copy_to_the_others, second_organization, swap_data_keys};
use crate::vendors::{acme_at, by_code};
use crate::world::World;

/// A fault is told, and nothing that was sealed is.
fn assert_closed(answer: &Answer, token: &str) {
    assert!(matches!(answer.status, 500 | 503), "{}", answer.text());
    assert!(!answer.text().contains(token), "{}", answer.text());
}

#[test]
fn security_16_a_row_copied_into_another_organization_opens_nothing_there() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("acme", &acme_at(&vendor));
    let mut ferrule = world.start();
    let theirs = ferrule.api.called_by(&second_organization(&world));
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    let token = made["token"].as_str().unwrap();

    let copy = copy_to_the_others(&world, made["id"].as_i64().unwrap(), "a-token-of-their-choice");
    assert_closed(&theirs.get(&format!("/instances/{copy}")), token);
    assert_closed(&theirs.get("/instances"), token);
    let by_token = ferrule
        .api
        .called_by(&format!("User {THEIR_USER}, Element a-token-of-their-choice"));
    assert_closed(&by_token.get("/instances"), token);
    // An alarm is in the log.
    ferrule.process.wait_for_line("ERROR");
    let ours = ferrule.api.get(&format!("/instances/{}", made["id"])).json();
    assert_eq!(ours["token"], made["token"]);
}

#[test]
fn security_16_a_data_key_put_in_anothers_place_opens_nothing() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("acme", &acme_at(&vendor));
    let ferrule = world.start();
    second_organization(&world);
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    ferrule.stop();
    let ferrule = world.start();
    swap_data_keys(&world);
    let path = format!("/instances/{}", made["id"]);
    assert_closed(&ferrule.api.get(&path), made["token"].as_str().unwrap());
    let refused = ferrule.api.post("/instances", &by_code("acme", "two"));
    assert!(matches!(refused.status, 500 | 503), "{}", refused.text());
    assert_eq!(
        vendor.token_requests_for("two"),
        0,
        "no code is spent for what could not be sealed"
    );
}
