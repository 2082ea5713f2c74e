//! Bodies pass through piece by piece: what is large at the vendor or the caller is never large in Ferrule.

use std::fs;

use ferrule_testkit::{Behaviour, Scripted, TokenEndpoint};

use crate::vendors::{acme_with_api_at, by_code};
use crate::world::{Ferrule, World};

const MIB: usize = 1024 * 1024;
const LARGE: usize = 100 * MIB;
/// What the process may take more than before.
const MORE: usize = 20 * MIB;

/// The most memory that the process has held so far, in bytes.
fn peak(ferrule: &Ferrule) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", ferrule.process.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib * 1024
}

#[test]
fn a_hundred_mebibytes_pass_each_way_within_twenty_of_memory() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("acme", &acme_with_api_at(&vendor))
        .start();
    let made = ferrule.api.post("/instances", &by_code("acme", "one")).json();
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    assert_eq!(by_token.get("/hubs/crm/me").status, 200);
    let large = "0123456789abcdef".repeat(LARGE / 16);
    let before = peak(&ferrule);

    vendor.script_at(
        "/api/files/1",
        Scripted::new(200, "application/octet-stream", large.as_str()),
    );
    let down = by_token.get("/hubs/crm/files/1");
    assert_eq!(down.status, 200);
    assert!(down.body == large.as_bytes(), "{} bytes came", down.body.len());

    let up = by_token.send(
        "PUT",
        "/hubs/crm/files/2",
        &[("Content-Type", "text/plain")],
        &large,
    );
    assert_eq!(up.status, 200, "{}", up.text());
    let seen = vendor.requests_to("/api/files/2").pop().unwrap();
    assert_eq!(seen.header("content-length"), Some(LARGE.to_string().as_str()));
    assert!(seen.body == large.as_bytes(), "{} bytes came", seen.body.len());

    let more = peak(&ferrule) - before;
    assert!(more <= MORE, "{} KiB more than before", more / 1024);
}
