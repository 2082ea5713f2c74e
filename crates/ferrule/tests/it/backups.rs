//! Copies of the data directory, as docs/operations.md says to make them.

use std::fs;

use ferrule_testkit::Behaviour;

use crate::bash::bash;
use crate::connected::{Connected, connected};
use crate::world::World;

/// Another machine with that copy as its data directory, and the operator's connectors.
fn restored(from: &Connected, copy: &World) {
    let connectors = from.world.file("connectors").display().to_string();
    let there = copy.data_dir();
    assert!(there.exists(), "there is a copy");
    let ferrule = World::new()
        .with("FERRULE_DATA_DIR", &there.display().to_string())
        .with("FERRULE_CONNECTORS_DIR", &connectors)
        .start();
    let found = ferrule.api.get(&from.path()).json();
    assert_eq!(found["token"], from.instance["token"]);
    let answer = ferrule
        .api
        .by_token(found["token"].as_str().unwrap())
        .get("/hubs/crm/me");
    assert_eq!(answer.status, 200, "{}", answer.text());
    ferrule.stop();
}

#[test]
fn the_data_directory_of_a_stopped_ferrule_is_copied_whole() {
    let mut before = connected(Behaviour::default());
    before.ferrule.process.terminate();
    assert!(before.ferrule.process.wait().success());
    let copy = World::new();
    let (from, to) = (before.world.data_dir(), copy.data_dir());
    bash(&format!("cp -a '{}' '{}'", from.display(), to.display()));
    restored(&before, &copy);
}

#[test]
fn a_running_ferrules_database_is_copied_by_sqlite_and_needs_its_keys_alone() {
    let before = connected(Behaviour::default());
    let copy = World::new();
    let (from, to) = (before.world.data_dir(), copy.data_dir());
    fs::create_dir(&to).unwrap();
    // What the line of docs/operations.md asks sqlite3 for, by the library of Python, which tests have.
    bash(&format!(
        "python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))' '{}' '{}'",
        from.join("ferrule.db").display(),
        to.join("ferrule.db").display()
    ));
    fs::copy(from.join("master-keys"), to.join("master-keys")).unwrap();
    assert_eq!(before.call().status, 200, "it goes on meanwhile");
    restored(&before, &copy);
}
