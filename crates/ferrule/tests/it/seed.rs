//! The contract's own `curl` lines, run against the built binary with what they leave blank filled in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ferrule_testkit::{Behaviour, TokenEndpoint};
use serde_json::{Value, json};

use crate::bash::{bash, bash_json};
use crate::vendors::{by_code, intercom_at};
use crate::world::{Ferrule, ORGANIZATION, USER, World};

const THEIR_HOST: &str = "https://api.openconnectors.us2.ext.hana.ondemand.com";
const OAUTH_URL: &str = include_str!("seed/oauth_url.txt");
const INSTANCES: &str = include_str!("seed/instances.txt");
/// The contract's example of an instance, with the brace that it lacks.
const INSTANCE: &str = include_str!("seed/instance.json");

fn filled(line: &str, ferrule: &Ferrule) -> String {
    assert!(line.contains(THEIR_HOST));
    line.replace(THEIR_HOST, &ferrule.url)
        .replace("apiKey=&", "apiKey=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx&")
        .replace(
            "User , Organization ",
            &format!("User {USER}, Organization {ORGANIZATION}"),
        )
        .replace("curl ", "curl -sS ")
}

#[test]
fn the_authorization_url_comes_out_byte_for_byte() {
    let ferrule = World::new().start();
    // The page breaks the line without saying so.
    let line = filled(OAUTH_URL, &ferrule).replace('\n', " ");
    let expected = concat!(
        r#"{"oauthUrl":"https://app.intercom.io/oauth?scope=read&response_type=code"#,
        "&redirect_uri=https%3A%2F%2Fauth.cloudelements.io%2Foauth&state=intercom",
        r#"&client_id=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx","element":"intercom"}"#
    );
    assert_eq!(bash(&line), expected);
    let by_id = line.replace("/elements/intercom/", "/elements/7549/");
    assert_eq!(bash(&by_id), expected);
    let empty = line.replace(
        "&state=intercom",
        "&state=&scope=&siteAddress=&subdomain=&what=ever",
    );
    assert_eq!(bash(&empty), expected);
}

#[test]
fn the_instance_has_every_field_of_the_example_with_its_type() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .start();
    let instance = bash_json(&filled(INSTANCES, &ferrule));

    let example: Value = serde_json::from_str(INSTANCE).unwrap();
    assert_same_shape("", &example, &instance);
    for (name, value) in example["element"].as_object().unwrap() {
        if name != "description" {
            assert_eq!(&instance["element"][name], value, "{name}");
        }
    }
    assert_eq!(instance["name"], "API Instance");
    assert_eq!(instance["tags"], json!(["Test"]));
    assert_eq!(instance["elementId"], 7549);
    assert_eq!(
        (&instance["valid"], &instance["disabled"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(instance["element"]["typeOauth"], false);
    for (name, value) in [
        ("provisionInteractions", json!([])),
        ("maxCacheSize", json!(0)),
        ("cacheTimeToLive", json!(0)),
        ("eventsEnabled", json!(false)),
        ("traceLoggingEnabled", json!(false)),
        ("cachingEnabled", json!(false)),
        ("externalAuthentication", json!("none")),
        (
            "providerData",
            json!({"code": "8aa74ff8ae16ba3ca19d12cbdea83aff16bddcd7"}),
        ),
    ] {
        assert_eq!(instance[name], value, "{name}");
    }
    for name in ["emailAddress", "firstName", "lastName"] {
        assert!(instance["user"][name].is_string(), "{name}");
    }
    assert_eq!(instance["configuration"]["oauth.api.key"], "********");
    assert_eq!(instance["configuration"]["oauth.api.secret"], "********");

    let token = instance["token"].as_str().unwrap();
    assert_eq!((token.len(), STANDARD.decode(token).unwrap().len()), (44, 32));

    let asked = &vendor.requests_to("/token")[0];
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "8aa74ff8ae16ba3ca19d12cbdea83aff16bddcd7"),
        ("client_id", "xxxxxxxxxxxxxxxxxxxxxx"),
        ("client_secret", "xxxxxxxxxxxxxxxxxxxxxx"),
        ("redirect_uri", "https://mycoolapp.com/auth"),
    ] {
        assert_eq!(asked.parameter(name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(asked.parameter("code_verifier"), None);
}

/// Everything in the example is there, of the same JSON type.
fn assert_same_shape(at: &str, example: &Value, found: &Value) {
    if let Value::Object(members) = example {
        for (name, value) in members {
            assert_same_shape(&format!("{at}/{name}"), value, &found[name]);
        }
    }
    let same = std::mem::discriminant(example) == std::mem::discriminant(found);
    assert!(
        same && example.is_i64() == found.is_i64(),
        "{at}: {example} became {found}"
    );
}

#[test]
fn an_instance_is_read_changed_and_deleted_by_id_and_by_its_token() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .start();
    let made = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    let id = format!("/instances/{}", made["id"]);
    let by_token = ferrule.api.by_token(made["token"].as_str().unwrap());
    let all_three = ferrule.api.called_by(&format!(
        "Element {}, User {USER}, Organization {ORGANIZATION}",
        made["token"].as_str().unwrap()
    ));

    let read = ferrule.api.get(&id);
    assert_eq!(read.status, 200);
    let read = read.json();
    assert_eq!(read.get("providerData"), None);
    for (name, value) in read.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    for answer in [
        ferrule.api.get(&format!("/elements/intercom{id}")),
        ferrule.api.get(&format!("/elements/7549{id}")),
        by_token.get("/instances"),
        all_three.get("/instances"),
    ] {
        assert_eq!((answer.status, answer.json()), (200, read.clone()));
    }

    for (number, answer) in [
        ferrule.api.patch(&id, &json!({"name": "<b>Name 0</b>"})),
        by_token.patch("/instances", &json!({"name": "Name 1"})),
        ferrule
            .api
            .put(&id, &json!({"name": "Name 2", "tags": ["a", "b"]})),
        by_token.put("/instances", &json!({"name": "Name 3"})),
    ]
    .into_iter()
    .enumerate()
    {
        let changed = answer.json();
        assert_eq!(
            (answer.status, &changed["name"]),
            (200, &json!(format!("Name {number}")))
        );
        assert_eq!((&changed["id"], &changed["token"]), (&made["id"], &made["token"]));
        assert_eq!(changed.get("providerData"), None);
    }
    assert_eq!(ferrule.api.get(&id).json()["tags"], json!(["a", "b"]));

    assert_eq!(by_token.delete("/instances").status, 405);
    assert_eq!(ferrule.api.delete(&id).status, 200);
    assert_eq!(by_token.get("/instances").status, 401);
    assert_eq!(by_token.patch("/instances", &json!({"name": "x"})).status, 401);
    for answer in [
        ferrule.api.get(&id),
        ferrule.api.delete(&id),
        ferrule.api.patch(&id, &json!({})),
    ] {
        assert_eq!(answer.status, 404);
    }
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));
}

#[test]
fn a_new_code_reconnects_an_instance_in_place() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let ferrule = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .start();
    let made = ferrule.api.post("/instances", &by_code("intercom", "one")).json();
    let id = format!("/instances/{}", made["id"]);
    for (count, code) in ["two", "two", "three"].into_iter().enumerate() {
        let answer = if count == 2 {
            ferrule.api.put(&id, &by_code("intercom", code))
        } else {
            ferrule.api.patch(&id, &json!({"providerData": {"code": code}}))
        };
        let again = answer.json();
        assert_eq!(answer.status, 200, "{again}");
        assert_eq!((&again["id"], &again["token"]), (&made["id"], &made["token"]));
        assert_eq!(vendor.token_requests_for(code), 1);
    }
    let spent = ferrule.api.patch(&id, &json!({"providerData": {"code": "one"}}));
    assert_eq!(spent.status, 200, "{}", spent.text());
    assert_eq!(vendor.token_requests_for("one"), 1);
}
