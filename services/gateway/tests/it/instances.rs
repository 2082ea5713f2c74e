//! `/instances` and `/elements/{keyOrId}/instances`.

use serde_json::json;

use crate::registry::{COUNT, ID, TOKEN};
use crate::world::{World, by_token, platform, refused};

const SEEDS_BODY: &str = r#"{"element":{"key":"intercom"},
    "providerData":{"code":"8aa7a4f5-1234-5678-9012-aaaaaaaaaaaa","state":"intercom","realmId":"7"},
    "configuration":{"oauth.callback.url":"https://mycoolapp.com/auth","oauth.api.key":"k","oauth.api.secret":"s",
    "event.notification.enabled":true,"empty":"","absent":null},"tags":["Test"],"name":"API Instance"}"#;

#[test]
fn the_seeds_body_becomes_an_instance_with_every_field_of_the_contract() {
    let world = World::start();
    let answer = world.send("POST", "/instances", Some(&platform()), SEEDS_BODY);
    assert_eq!(answer.status, 200);
    let shown = answer.json();
    let expected = json!({
        "id": ID,
        "name": "API Instance",
        "createdDate": "2019-07-12T15:29:52Z",
        "token": TOKEN,
        "element": world.get("/elements").json().as_array().unwrap().iter()
            .find(|element| element["key"] == "intercom").unwrap(),
        "elementId": 7549,
        "tags": ["Test"],
        "provisionInteractions": [],
        "valid": true,
        "disabled": false,
        "maxCacheSize": 0,
        "cacheTimeToLive": 0,
        "providerData": {"code": "8aa7a4f5-1234-5678-9012-aaaaaaaaaaaa"},
        "configuration": {
            "oauth.api.key": "********",
            "oauth.api.secret": "********",
            "oauth.callback.url": "https://auth.cloudelements.io/oauth",
        },
        "eventsEnabled": false,
        "traceLoggingEnabled": false,
        "cachingEnabled": false,
        "externalAuthentication": "none",
        "user": {"id": 1, "emailAddress": "admin@example.com", "firstName": "Ada", "lastName": "L."},
    });
    assert_eq!(shown, expected);
    for field in [
        "id",
        "name",
        "key",
        "description",
        "image",
        "active",
        "deleted",
        "typeOAuth",
        "typeOauth",
        "trialAccount",
        "resources",
        "transformationsEnabled",
        "bulkDownloadEnabled",
        "bulkUploadEnabled",
        "cloneable",
        "extendable",
        "beta",
        "authentication",
        "extended",
        "useModelsForMetadata",
        "hub",
        "protocolType",
        "parameters",
        "private",
    ] {
        assert!(!shown["element"][field].is_null(), "{field}");
    }

    let created = world.registry.created.lock().unwrap();
    let asked = created.last().unwrap();
    assert_eq!(
        (asked.element.as_str(), asked.name.as_str()),
        ("intercom", "API Instance")
    );
    let data = asked.provider_data.as_ref().unwrap();
    assert_eq!(
        (data.code.as_str(), data.state.as_str()),
        ("8aa7a4f5-1234-5678-9012-aaaaaaaaaaaa", "intercom")
    );
    assert_eq!(data.other["realmId"], "7");
    assert_eq!(asked.configuration["event.notification.enabled"], "true");
    assert!(!asked.configuration.contains_key("empty") && !asked.configuration.contains_key("absent"));
}

#[test]
fn the_connector_may_be_named_by_id_or_by_the_path() {
    let world = World::start();
    for (path, body, element) in [
        ("/instances", r#"{"element":{"id":7549}}"#, "7549"),
        ("/elements/7549/instances", "{}", "7549"),
        (
            "/elements/intercom/instances",
            r#"{"element":{"key":"other"}}"#,
            "intercom",
        ),
    ] {
        assert_eq!(world.send("POST", path, Some(&platform()), body).status, 200);
        assert_eq!(
            world.registry.created.lock().unwrap().last().unwrap().element,
            element
        );
    }
}

#[test]
fn an_idempotency_key_goes_along_with_the_bodys_digest() {
    let world = World::start();
    let send = |key: &str| {
        let headers = [("Authorization", &*platform()), ("Idempotency-Key", key)];
        ferrule_testkit::HttpClient::new().post(&world.api("/instances"), &headers, SEEDS_BODY)
    };
    assert_eq!(send("once").status, 200);
    let asked = world.registry.created.lock().unwrap().last().unwrap().clone();
    assert_eq!(asked.idempotency_key, "once");
    assert_eq!(
        asked.body_digest,
        ferrule_model::Digest::of(SEEDS_BODY).as_bytes()
    );
    for bad in ["", &"k".repeat(257), "\u{fc}"] {
        refused(&send(bad), 400);
    }
}

#[test]
fn only_a_post_shows_the_code_again() {
    let world = World::start();
    for method in ["PUT", "PATCH"] {
        for (path, caller) in [("/instances/594927", platform()), ("/instances", by_token())] {
            let answer = world.send(
                method,
                path,
                Some(&caller),
                r#"{"providerData":{"code":"c"},"name":"New"}"#,
            );
            assert_eq!(answer.status, 200);
            assert_eq!(answer.json()["name"], "New");
            assert!(answer.json().get("providerData").is_none());
            let asked = world.registry.updated.lock().unwrap().last().unwrap().clone();
            assert_eq!(asked.provider_data.unwrap().code, "c");
            assert!(!asked.replace_tags);
        }
    }
    assert!(
        world
            .get("/instances/594927")
            .json()
            .get("providerData")
            .is_none()
    );
}

#[test]
fn a_patch_with_tags_replaces_them_and_one_without_does_not() {
    let world = World::start();
    let patch = |body: &str| {
        let answer = world.send("PATCH", "/instances/594927", Some(&platform()), body);
        answer.json()["tags"].clone()
    };
    assert_eq!(patch(r#"{"tags":["a","b"]}"#), json!(["a", "b"]));
    assert_eq!(patch(r#"{"tags":[]}"#), json!([]));
    assert_eq!(patch("{}"), json!(["Test"]));
}

#[test]
fn an_instance_is_read_by_id_by_token_and_below_its_connector() {
    let world = World::start();
    let by_id = world.get("/instances/594927");
    assert_eq!((by_id.status, by_id.json()["id"].clone()), (200, json!(ID)));
    for path in [
        "/elements/intercom/instances/594927",
        "/elements/7549/instances/594927",
    ] {
        assert_eq!(world.get(path).json(), by_id.json(), "{path}");
    }
    let all = format!("{}, Element {TOKEN}", platform());
    for caller in [by_token(), all] {
        assert_eq!(
            world.send("GET", "/instances", Some(&caller), "").json(),
            by_id.json()
        );
    }
    refused(&world.get("/elements/other/instances/594927"), 404);
    refused(&world.get("/instances/1"), 404);
}

#[test]
fn a_delete_answers_200_and_needs_an_id() {
    let world = World::start();
    for path in ["/instances/594927", "/elements/intercom/instances/594927"] {
        assert_eq!(world.send("DELETE", path, Some(&platform()), "").status, 200);
    }
    assert_eq!(world.registry.deleted.lock().unwrap().len(), 2);
    refused(&world.send("DELETE", "/instances", Some(&by_token()), ""), 405);
    refused(&world.send("DELETE", "/instances/1", Some(&platform()), ""), 404);
}

#[test]
fn two_pages_are_one_page_of_twice_the_size() {
    let world = World::start();
    let ids = |answer: &ferrule_testkit::Answer| -> Vec<i64> {
        let items = answer.json();
        items
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect()
    };
    let first = world.get("/instances?pageSize=2");
    assert_eq!(first.header("Elements-Returned-Count"), Some("2"));
    assert_eq!(first.header("Elements-Total-Count"), Some(&*COUNT.to_string()));
    let token = first.header("Elements-Next-Page-Token").unwrap();
    let second = world.get(&format!("/instances?pageSize=2&nextPage={token}"));
    let both = world.get("/instances?pageSize=4");
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&both));
    let rest = both.header("Elements-Next-Page-Token").unwrap();
    let last = world.get(&format!("/instances?pageSize=4&nextPage={rest}"));
    assert_eq!(last.header("Elements-Returned-Count"), Some("1"));
    assert_eq!(last.header("Elements-Next-Page-Token"), None);
}

#[test]
fn a_page_size_over_200_is_clamped_with_a_word() {
    let world = World::start();
    for path in ["/instances", "/elements", "/elements/intercom/instances"] {
        let clamped = world.get(&format!("{path}?pageSize=201"));
        assert_eq!(clamped.status, 200);
        assert!(
            clamped.header("Elements-Error").unwrap().contains("200"),
            "{path}"
        );
        assert_eq!(
            world
                .get(&format!("{path}?pageSize=200"))
                .header("Elements-Error"),
            None
        );
    }
    assert!(
        world
            .registry
            .listed
            .lock()
            .unwrap()
            .iter()
            .all(|asked| asked.page_size == 200)
    );
}

#[test]
fn filters_reach_the_registry() {
    let world = World::start();
    world.get("/elements/intercom/instances?tags%5B%5D=a&tags[]=b&searchText=API&hydrate=false");
    let listed = world.registry.listed.lock().unwrap();
    let asked = listed.last().unwrap();
    assert_eq!(asked.tags, ["a", "b"]);
    assert_eq!(
        (asked.search.as_str(), asked.element.as_str()),
        ("API", "intercom")
    );
}
