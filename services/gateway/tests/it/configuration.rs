//! `/instances/{id}/configuration` and the id-less forms.

use serde_json::Value;

use crate::world::{World, by_token, platform, refused};

fn id_of(world: &World, key: &str) -> Value {
    let entries = world.get("/instances/594927/configuration").json();
    let entries = entries.as_array().unwrap();
    entries.iter().find(|entry| entry["key"] == key).unwrap()["id"].clone()
}

#[test]
fn every_entry_is_a_config_object_with_its_value_and_secrets_are_masked() {
    let world = World::start();
    let by_id = world.get("/instances/594927/configuration").json();
    let by_element_token = world
        .send("GET", "/instances/configuration", Some(&by_token()), "")
        .json();
    assert_eq!(by_id, by_element_token);
    let value = |key: &str| {
        let entries = by_id.as_array().unwrap();
        entries.iter().find(|entry| entry["key"] == key).unwrap()["propertyValue"].clone()
    };
    assert_eq!(value("oauth.api.key"), "********");
    assert_eq!(value("oauth.api.secret"), "********");
    assert_eq!(value("oauth.callback.url"), "https://auth.cloudelements.io/oauth");
    assert_eq!(value("oauth.scope"), Value::Null);
}

#[test]
fn one_entry_is_read_and_changed_by_its_number() {
    let world = World::start();
    let id = id_of(&world, "oauth.scope");
    for (path, caller) in [
        (format!("/instances/594927/configuration/{id}"), platform()),
        (format!("/instances/configuration/{id}"), by_token()),
    ] {
        let mut entry = world.send("GET", &path, Some(&caller), "").json();
        assert_eq!((&entry["key"], &entry["id"]), (&"oauth.scope".into(), &id));
        entry["propertyValue"] = "read write".into();
        let changed = world.send("PATCH", &path, Some(&caller), &entry.to_string());
        assert_eq!((changed.status, changed.json()), (200, entry));
        let asked = world.registry.updated.lock().unwrap().last().unwrap().clone();
        assert_eq!(
            asked.configuration,
            [("oauth.scope".to_owned(), "read write".to_owned())].into()
        );
        assert!(!asked.replace_tags && asked.name.is_none());
    }
}

#[test]
fn an_entry_that_is_not_there_is_a_404_and_a_body_without_a_value_a_400() {
    let world = World::start();
    refused(&world.get("/instances/594927/configuration/1"), 404);
    refused(&world.get("/instances/1/configuration"), 404);
    let path = format!("/instances/594927/configuration/{}", id_of(&world, "oauth.scope"));
    for body in ["{}", "[]", r#"{"value":"x"}"#] {
        refused(&world.send("PATCH", &path, Some(&platform()), body), 400);
    }
    refused(&world.send("DELETE", &path, Some(&platform()), ""), 405);
}
