//! What an instance can be asked, as an `OpenAPI` document.

use std::io::Write as _;
use std::process::{Command, Stdio};

use ferrule_testkit::{HttpClient, openapi_python};
use serde_json::Value;

use crate::registry::ID;
use crate::vendor::Vendor;
use crate::world::{World, by_token, platform, refused};

#[test]
fn every_connectors_document_is_one_that_a_validator_takes() {
    let world = World::start();
    let keys = world.get("/elements/keys").json();
    let keys: Vec<&str> = keys
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    let mut lines = Vec::new();
    for key in &keys {
        let answer = world.get(&format!("/elements/{key}/docs"));
        assert_eq!(answer.status, 200, "{key}");
        lines.extend_from_slice(answer.json().to_string().as_bytes());
        lines.push(b'\n');
    }
    let mut validator = Command::new(openapi_python())
        .args(["-c", include_str!("openapi.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    validator.stdin.take().unwrap().write_all(&lines).unwrap();
    let output = validator.wait_with_output().unwrap();
    assert!(output.status.success());
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(told, format!("{} documents\n", keys.len()));
}

#[test]
fn a_document_says_what_the_file_declares() {
    let world = World::start();
    let document = world.get("/elements/7549/docs").json();
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["info"]["title"], "Intercom");
    assert_eq!(
        document["servers"][0]["url"],
        "https://ferrule.example/elements/api-v2"
    );
    let contacts = &document["paths"]["/hubs/marketing/contacts"];
    assert_eq!(contacts["get"]["operationId"], "get_contacts");
    assert!(contacts["post"]["requestBody"].is_object() && contacts["delete"].is_null());
    let names = |operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let name = |parameter: &Value| format!("{} {}", parameter["in"], parameter["name"]).replace('"', "");
        parameters.map(name).collect()
    };
    assert_eq!(names(&contacts["get"]), ["query pageSize", "query nextPage"]);
    let contact = &document["paths"]["/hubs/marketing/contacts/{id}"];
    assert_eq!(names(&contact["put"]), ["path id"]);
    assert!(document["paths"]["/ping"]["get"].is_object());
}

#[test]
fn an_instance_shows_the_document_of_its_connector() {
    let vendor = Vendor::saying("");
    let world = vendor.world();
    let of_element = world.get("/elements/intercom/docs").json();
    let by_id = world.get(&format!("/instances/{ID}/docs"));
    let token = by_token();
    let by_token = HttpClient::new().get(&world.api("/instances/docs"), &[("Authorization", &token)]);
    for answer in [by_id, by_token] {
        assert_eq!((answer.status, answer.json()), (200, of_element.clone()));
    }
    refused(&world.get("/elements/nobody/docs"), 404);
    refused(&world.send("GET", "/instances/1/docs", None, ""), 401);
}

#[test]
fn what_a_client_knows_already_is_not_sent_again() {
    let world = World::start();
    for path in [
        "/elements",
        "/elements/keys",
        "/elements/intercom",
        "/elements/intercom/docs",
    ] {
        let first = world.get(path);
        let tag = first.header("etag").unwrap().to_owned();
        let authorization = platform();
        let headers = [("Authorization", authorization.as_str()), ("If-None-Match", &tag)];
        let again = HttpClient::new().get(&world.api(path), &headers);
        assert_eq!((again.status, again.text().as_str()), (304, ""), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert_eq!(first.header("cache-control"), Some("private, no-cache"), "{path}");
    }
}
