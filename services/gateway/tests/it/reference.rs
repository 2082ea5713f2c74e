//! Ferrule's own API, told by `/docs`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ferrule_testkit::{HttpClient, openapi_python};

use crate::world::World;

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

#[test]
fn the_published_document_is_valid_and_tells_of_every_method_there_is() {
    let world = World::start();
    let document = HttpClient::new()
        .get(&world.url("/docs/openapi.json"), &[])
        .json();
    let mut validator = Command::new(openapi_python())
        .args(["-c", include_str!("openapi.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let line = format!("{document}\n");
    validator
        .stdin
        .take()
        .unwrap()
        .write_all(line.as_bytes())
        .unwrap();
    let told = validator.wait_with_output().unwrap().stdout;
    assert_eq!(String::from_utf8(told).unwrap(), "1 documents\n");

    for (path, item) in document["paths"].as_object().unwrap() {
        let address = path
            .replace("{element}", "intercom")
            .replace("{id}", "1")
            .replace("{hub}", "crm");
        let address = address
            .replace("{configId}", "oauth.api.key")
            .replace("{path}", "contacts");
        for method in METHODS {
            let answer = HttpClient::new()
                .request(method, &world.api(&address), &[], b"")
                .unwrap();
            let is_told = item.get(method.to_ascii_lowercase()).is_some();
            let is_there = ![404, 405].contains(&answer.status);
            // To ping by another method is refused like any call without a token.
            let as_told = is_there == is_told || path == "/ping" && answer.status == 401;
            assert!(as_told, "{method} {path}: {}", answer.status);
        }
    }
}

#[test]
fn a_call_is_shown_with_what_it_takes_and_as_a_line() {
    let world = World::start();
    let page = |path: &str| HttpClient::new().get(&world.url(path), &[]).text();
    assert!(page("/docs").contains("openapi.json"));
    let found = page("/docs?q=audit");
    assert!(
        found.contains("/instances/{id}/audit") && !found.contains("/hubs/keys"),
        "{found}"
    );
    let filled = page("/docs?operation=get_instance&path.id=7%2F8");
    assert!(filled.contains("/instances/7%2F8&#39;"), "{filled}");
    assert!(
        filled.contains("Organization $FERRULE_ORGANIZATION_SECRET"),
        "{filled}"
    );
}
