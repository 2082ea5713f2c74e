//! An operator's folder of connector files: checked before it is used, and harmless where it is wrong.

use ferrule_testkit::{Behaviour, TokenEndpoint};
use serde_json::json;

use crate::vendors::{acme_at, by_code, intercom_at};
use crate::world::World;

const WRONG: &str = r#"key = "wrong"
name = "Wrong"
hub = "crm"

[auth]
kind = "oauth2"
authorization_url = "http://vendor.example/authorize"
tokn_url = "https://vendor.example/token"
"#;

#[test]
fn a_check_tells_file_and_line_of_everything_that_is_wrong() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::bare()
        .with_connector("wrong", WRONG)
        .with_connector("torn", "key = \"torn\nname")
        .with_connector("acme", &acme_at(&vendor));
    let folder = world.file("connectors").display().to_string();
    let ended = world.run(&["connectors", "check", &folder]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for place in ["wrong.toml:7: ", "wrong.toml:8: ", "torn.toml:1: "] {
        let line = ended
            .stdout
            .lines()
            .find(|line| line.starts_with(&format!("{folder}/{place}")));
        assert!(line.is_some(), "{place} is missing: {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("acme.toml"), "{}", ended.stdout);
    let problems = ended.stdout.lines().count();
    assert_eq!(
        ended.stderr,
        format!("ferrule: {problems} problems in {folder}\n")
    );
}

#[test]
fn a_check_of_a_good_folder_says_so() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::bare().with_connector("acme", &acme_at(&vendor));
    let folder = world.file("connectors").display().to_string();
    let ended = world.run(&["connectors", "check", &folder]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(ended.stdout, format!("{folder}: every connector file is good\n"));
    let missing = world.run(&["connectors", "check", "/nowhere/connectors"]);
    assert_eq!(missing.code, Some(1));
    assert!(format!("{}{}", missing.stdout, missing.stderr).contains("/nowhere/connectors"));
}

#[test]
fn a_check_follows_the_rule_on_addresses_of_this_machine() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::bare()
        .with_connector("acme", &acme_at(&vendor))
        .with("FERRULE_ALLOW_PRIVATE_NETWORKS", "false");
    let folder = world.file("connectors").display().to_string();
    let ended = world.run(&["connectors", "check", &folder]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("acme.toml:7: "), "{}", ended.stdout);
}

#[test]
fn security_56_a_wrong_file_is_left_out_alone() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new()
        .with_connector("wrong", WRONG)
        .with_connector("acme", &acme_at(&vendor));
    let ferrule = world.start();
    assert_eq!(ferrule.api.get("/elements/wrong").status, 404);
    for key in ["acme", "intercom", "sandbox"] {
        assert_eq!(ferrule.api.get(&format!("/elements/{key}")).status, 200, "{key}");
    }
    let made = ferrule.api.post("/instances", &by_code("acme", "one"));
    assert_eq!(made.status, 200, "{}", made.text());
    let log = ferrule.process.stderr();
    assert!(log.contains("wrong.toml:8: "), "{log}");
}

#[test]
fn a_wrong_override_takes_the_place_it_was_meant_for() {
    let world = World::new().with_connector("intercom", &WRONG.replace("\"wrong\"", "\"intercom\""));
    let ferrule = world.start();
    assert_eq!(
        ferrule.api.get("/elements/intercom").status,
        404,
        "nobody is sent to the replaced address"
    );
    assert_eq!(ferrule.api.get("/elements/sandbox").status, 200);
}

#[test]
fn an_override_keeps_the_built_in_id_and_a_new_file_gets_a_stable_one() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .with_connector("acme", &acme_at(&vendor));
    let ferrule = world.start();
    let intercom = ferrule.api.get("/elements/7549").json();
    assert_eq!(
        (&intercom["key"], &intercom["id"]),
        (&json!("intercom"), &json!(7549))
    );
    let acme = ferrule.api.get("/elements/acme").json();
    let id = acme["id"].as_i64().unwrap();
    assert!((1_000_000_000..1_000_000_000 + (1 << 30)).contains(&id), "{id}");
    ferrule.stop();
    assert_eq!(
        world.start().api.get(&format!("/elements/{id}")).json()["key"],
        "acme"
    );
}

#[test]
fn a_vendor_behind_a_subdomain_is_reached_at_the_address_that_was_given() {
    let text = r#"key = "shops"
name = "Shops"
hub = "ecommerce"

[auth]
kind = "oauth2"
authorization_url = "https://{subdomain}.shops.example/oauth/authorize"
token_url = "https://{subdomain}.shops.example/oauth/token"

[[parameters]]
name = "subdomain"
label = "Your shop"
pattern = "[a-z0-9-]+"
"#;
    let ferrule = World::new().with_connector("shops", text).start();
    for name in ["subdomain", "siteAddress"] {
        let query = [
            ("apiKey", "k"),
            ("apiSecret", "s"),
            ("callbackUrl", "https://a.example/b"),
            (name, "blue-1"),
        ];
        let begun = ferrule.api.oauth_url("shops", &query);
        assert!(
            begun.starts_with("https://blue-1.shops.example/oauth/authorize?"),
            "{begun}"
        );
    }
    for value in ["", "a.b", "evil.example%2F", "a%40b", "UPPER"] {
        let path =
            format!("/elements/shops/oauth/url?apiKey=k&callbackUrl=https://a.example/b&subdomain={value}");
        let refused = ferrule.api.get(&path);
        assert_eq!(refused.status, 400, "{value}: {}", refused.text());
    }
}
