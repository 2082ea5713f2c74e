//! What later starts print and find: secrets that were given, the sandbox turned off, secrets that change.

use std::fs;

use ferrule_testkit::{Behaviour, TokenEndpoint};

use crate::vendors::{by_code, intercom_at};
use crate::world::{ORGANIZATION, USER, World};

#[test]
fn secrets_from_variables_are_never_printed() {
    let world = World::new();
    for _ in 0..2 {
        let ferrule = world.start();
        assert_eq!(ferrule.api.get("/instances").status, 200);
        let output = ferrule.output();
        assert!(
            !output.contains(USER) && !output.contains(ORGANIZATION),
            "{output}"
        );
        assert!(output.contains("User $FERRULE_USER_SECRET, Organization $FERRULE_ORGANIZATION_SECRET"));
        assert!(!output.contains("export"), "{output}");
    }
}

#[test]
fn secrets_from_files_are_never_printed() {
    let mut world = World::bare();
    for (name, secret) in [
        ("FERRULE_BOOTSTRAP_USER_SECRET_FILE", USER),
        ("FERRULE_BOOTSTRAP_ORG_SECRET_FILE", ORGANIZATION),
    ] {
        let file = world.file(name);
        fs::write(&file, format!("{secret}\n")).unwrap();
        world = world.with(name, &file.display().to_string());
    }
    let ferrule = world.start();
    assert_eq!(ferrule.api.get("/instances").status, 200);
    let output = ferrule.output();
    assert!(!output.contains(USER) && !output.contains(ORGANIZATION) && !output.contains("export"));
}

#[test]
fn only_the_secret_that_was_not_given_is_made_and_shown() {
    let world = World::new().without("FERRULE_BOOTSTRAP_USER_SECRET");
    let stdout = world.start().process.stdout();
    assert!(stdout.contains("export FERRULE_USER_SECRET='"), "{stdout}");
    assert!(!stdout.contains("export FERRULE_ORGANIZATION_SECRET"), "{stdout}");
}

#[test]
fn a_secret_given_later_replaces_the_one_before() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("intercom", &intercom_at(&vendor));
    let ferrule = world.start();
    let instance = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    ferrule.stop();

    let world = world.with("FERRULE_BOOTSTRAP_USER_SECRET", "another-secret-of-the-user");
    let ferrule = world.start();
    assert_eq!(ferrule.api.get("/instances").status, 401);
    let new = format!("User another-secret-of-the-user, Organization {ORGANIZATION}");
    let found = ferrule
        .api
        .called_by(&new)
        .get(&format!("/instances/{}", instance["id"]));
    assert_eq!(found.json()["token"], instance["token"]);
}

#[test]
fn without_the_sandbox_the_lines_speak_of_a_vendor_that_is_there() {
    let ferrule = World::new().with("FERRULE_SANDBOX", "false").start();
    let stdout = ferrule.process.stdout();
    assert!(
        stdout.contains("/elements/intercom/oauth/url?") && !stdout.contains("sandbox"),
        "{stdout}"
    );
    assert_eq!(ferrule.api.get("/elements/sandbox").status, 404);
}

#[test]
fn the_state_lies_in_the_working_directory_unless_it_is_said_otherwise() {
    let ferrule = World::new().without("FERRULE_DATA_DIR").start();
    assert!(ferrule.process.folder().join(".ferrule/ferrule.db").is_file());
}

#[test]
fn a_data_directory_may_have_any_name() {
    for name in ["with space", "100%", "%20", "what?", "a#b", "ünï", "a&b=c"] {
        let world = World::new();
        let folder = world.file(name);
        let world = world.with("FERRULE_DATA_DIR", &folder.display().to_string());
        world.start().stop();
        assert!(folder.join("ferrule.db").is_file(), "{name}");
        assert_eq!(world.start().api.get("/instances").status, 200, "{name}");
    }
}
