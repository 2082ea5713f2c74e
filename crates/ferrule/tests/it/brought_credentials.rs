//! Credentials that no login page hands out: keys, passwords, the app's own, and tokens of a login elsewhere.

use std::thread;
use std::time::Duration;

use ferrule_testkit::{
    Answer, Behaviour, CLIENT_ID, CLIENT_SECRET, OidcOptions, OidcProvider, Relay, Scripted, TokenEndpoint,
    wait_until,
};
use serde_json::{Value, json};

use crate::connected::living;
use crate::crashes::last_write;
use crate::vendors::acme_with_api_at;
use crate::world::{Ferrule, World};

const LIMIT: Duration = Duration::from_secs(30);

/// A connector of this kind, whose calls go to the vendor's API.
fn of_kind(vendor: &TokenEndpoint, auth: &str, api: &str) -> String {
    format!(
        "key = \"vendor\"\nname = \"Vendor\"\nhub = \"crm\"\n[auth]\n{auth}\n[api]\nbase_url = \"{}\"\n\
         ping = \"GET /me\"\n{api}\n",
        vendor.url("/open")
    )
}

fn body(configuration: &Value) -> Value {
    json!({"element": {"key": "vendor"}, "configuration": configuration, "name": "Mine"})
}

fn call(ferrule: &Ferrule, instance: &Value, path: &str) -> Answer {
    let token = instance["token"].as_str().unwrap();
    ferrule.api.by_token(token).get(path)
}

/// What the vendor was last asked at this path, with this header.
fn heard(vendor: &TokenEndpoint, path: &str, header: &str) -> Option<String> {
    let last = vendor.requests_to(path).pop()?;
    last.header(header).map(str::to_owned)
}

fn made(ferrule: &Ferrule, configuration: &Value) -> Value {
    let answer = ferrule.api.post("/instances", &body(configuration));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[test]
fn a_key_goes_where_its_file_says_and_is_replaced_by_a_patch() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let text = of_kind(
        &vendor,
        "kind = \"api_key\"\nlabel = \"Private app token\"",
        "headers = { X-Api-Key = \"{api_key}\" }",
    );
    let ferrule = World::new().with_connector("vendor", &text).start();
    let element = ferrule.api.get("/elements/vendor").json();
    assert_eq!(element["authentication"]["type"], "custom");
    let field = &element["configuration"][0];
    assert_eq!(
        (&field["key"], &field["name"], &field["type"], &field["required"]),
        (
            &json!("api_key"),
            &json!("Private app token"),
            &json!("PASSWORD"),
            &json!(true)
        )
    );
    let refused = ferrule.api.post("/instances", &body(&json!({})));
    assert_eq!(
        (refused.status, refused.json()["message"].as_str()),
        (400, Some("Missing: api_key."))
    );

    let instance = made(&ferrule, &json!({"api_key": "first-key"}));
    assert_eq!(instance["configuration"], json!({"api_key": "********"}));
    assert_eq!(instance["externalAuthentication"], "none");
    assert_eq!(call(&ferrule, &instance, "/hubs/crm/contacts").status, 200);
    assert_eq!(
        heard(&vendor, "/open/contacts", "x-api-key").as_deref(),
        Some("first-key")
    );
    assert_eq!(heard(&vendor, "/open/contacts", "authorization"), None);

    let path = format!("/instances/{}", instance["id"]);
    for (method, key) in [("PATCH", "second-key"), ("PUT", "third-key")] {
        let change = json!({"configuration": {"api_key": key}}).to_string();
        let changed = ferrule.api.send(method, &path, &[], &change);
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(call(&ferrule, &instance, "/hubs/crm/contacts").status, 200);
        assert_eq!(
            heard(&vendor, "/open/contacts", "x-api-key").as_deref(),
            Some(key)
        );
    }
    assert_eq!(call(&ferrule, &instance, "/ping").json()["endpoint"], "vendor");
    vendor.script_at("/open/me", Scripted::json(401, &json!({})));
    assert_eq!(call(&ferrule, &instance, "/ping").status, 401);
    assert!(vendor.requests_to("/token").is_empty());
}

#[test]
fn user_name_and_password_make_the_header_of_rfc_7617() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let text = of_kind(&vendor, "kind = \"basic\"\nusername_label = \"E-mail\"", "");
    let ferrule = World::new().with_connector("vendor", &text).start();
    let element = ferrule.api.get("/elements/vendor").json();
    assert_eq!(element["authentication"]["type"], "basic");
    let fields: Vec<_> = element["configuration"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| [&field["key"], &field["name"], &field["type"]].map(|text| text.as_str().unwrap()))
        .collect();
    assert_eq!(
        fields,
        [
            ["username", "E-mail", "TEXTFIELD_1000"],
            ["password", "Password", "PASSWORD"]
        ]
    );
    let refused = ferrule.api.post("/instances", &body(&json!({})));
    assert_eq!(refused.json()["message"], "Missing: username, password.");

    let instance = made(
        &ferrule,
        &json!({"username": "Aladdin", "password": "open sesame"}),
    );
    assert_eq!(
        instance["configuration"],
        json!({"username": "Aladdin", "password": "********"})
    );
    assert_eq!(call(&ferrule, &instance, "/hubs/crm/lamp").status, 200);
    assert_eq!(
        heard(&vendor, "/open/lamp", "authorization").as_deref(),
        Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    );
}

#[test]
fn an_idempotency_key_makes_one_instance_of_a_password() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let text = of_kind(&vendor, "kind = \"basic\"", "");
    let ferrule = World::new().with_connector("vendor", &text).start();
    let body = body(&json!({"username": "ada", "password": "x"})).to_string();
    let post = || {
        let key = [("Idempotency-Key", "once")];
        ferrule.api.send("POST", "/instances", &key, &body).json()["id"].clone()
    };
    let first = post();
    assert!(first.is_i64());
    assert_eq!(post(), first);
}

/// The certified server's own connector for apps.
fn certified_apps(provider: &OidcProvider, back_channel: &Relay) -> String {
    format!(
        "key = \"vendor\"\nname = \"Vendor\"\nhub = \"crm\"\n[auth]\nkind = \"client_credentials\"\n\
         token_url = \"{0}/token\"\nrevocation_url = \"{0}/token/revocation\"\nscopes = [\"read\"]\n\
         client_auth = \"basic\"\n[api]\nbase_url = \"{1}\"\nauthorization = \"Bearer {{access_token}}\"\n",
        back_channel.url(),
        provider.issuer()
    )
}

#[test]
fn a_certified_server_gives_an_app_its_tokens_one_after_the_other() {
    let options = OidcOptions {
        access_ttl: 3,
        ..OidcOptions::default()
    };
    let provider = OidcProvider::start(&["https://app.example/cb"], options);
    let back_channel = Relay::to(provider.issuer());
    let world = World::new().with_connector("vendor", &certified_apps(&provider, &back_channel));
    let ferrule = world.start();

    let wrong = json!({"oauth.api.key": CLIENT_ID, "oauth.api.secret": "wrong"});
    let refused = ferrule.api.post("/instances", &body(&wrong));
    assert_eq!(refused.status, 400, "{}", refused.text());
    let words = refused.json()["providerMessage"].to_string();
    assert!(words.contains("invalid_client"), "{words}");
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));

    let right = json!({"oauth.api.key": CLIENT_ID, "oauth.api.secret": CLIENT_SECRET});
    let instance = made(&ferrule, &right);
    let granted = || {
        let heard = back_channel.heard_at("/token").into_iter();
        heard.filter(|one| one.answer.status == 200).collect::<Vec<_>>()
    };
    wait_until("three tokens were given", LIMIT, || granted().len() >= 3);
    for one in granted() {
        assert_eq!(one.parameter("grant_type"), Some("client_credentials"));
        assert_eq!(one.parameter("scope"), Some("read"));
        assert!(one.basic);
        assert_eq!(one.answer.json()["scope"], "read");
    }
    let path = format!("/instances/{}", instance["id"]);
    let shown = ferrule.api.get(&path).json();
    assert_eq!(
        (&shown["valid"], &shown["token"]),
        (&json!(true), &instance["token"])
    );

    assert_eq!(ferrule.api.delete(&path).status, 200);
    wait_until("the vendor was asked to revoke", LIMIT, || {
        !back_channel.heard_at("/token/revocation").is_empty()
    });
    let revocation = &back_channel.heard_at("/token/revocation")[0];
    assert_eq!(revocation.answer.status, 200, "{}", provider.log());
}

#[test]
fn an_apps_token_opens_the_api_and_is_replaced_when_the_vendor_ends_it() {
    let vendor = TokenEndpoint::start(living(Duration::from_secs(2)));
    let auth = format!(
        "kind = \"client_credentials\"\ntoken_url = \"{}\"",
        vendor.token_url()
    );
    let text = of_kind(&vendor, &auth, "authorization = \"Bearer {access_token}\"").replace("/open", "/api");
    let ferrule = World::new().with_connector("vendor", &text).start();
    let instance = made(
        &ferrule,
        &json!({"oauth.api.key": CLIENT_ID, "oauth.api.secret": CLIENT_SECRET}),
    );
    let works = || call(&ferrule, &instance, "/hubs/crm/me").json() == json!({"code": "app"});
    assert!(works());
    wait_until("it lived through two ends", LIMIT, || {
        assert!(works());
        vendor.requests_to("/token").len() >= 3
    });
}

/// What a caller sends who logged in by itself.
fn external(refresh_token: &str) -> Value {
    json!({
        "element": {"key": "acme"},
        "externalAuthentication": "initial",
        "configuration": {
            "oauth.api.key": CLIENT_ID,
            "oauth.api.secret": CLIENT_SECRET,
            "oauth.user.refresh_token": refresh_token,
            "oauth.scope": "read",
        },
        "name": "Migrated",
    })
}

#[test]
fn a_refresh_token_from_elsewhere_becomes_an_instance_that_lives_on() {
    let vendor = TokenEndpoint::start(living(Duration::from_secs(2)));
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let ferrule = world.start();
    let answer = ferrule.api.post("/instances", &external("old-token"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let instance = answer.json();
    assert_eq!(instance["externalAuthentication"], "initial");
    assert!(instance.get("providerData").is_none());
    assert!(!answer.text().contains("old-token"), "{}", answer.text());
    assert_eq!(
        ferrule.api.post("/instances", &external("old-token")).json(),
        instance
    );

    wait_until("it was refreshed twice more", LIMIT, || {
        let answer = call(&ferrule, &instance, "/hubs/crm/me");
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"code": "old-token"}))
        );
        vendor.refreshes().len() >= 3
    });
    let spent: Vec<_> = vendor
        .refreshes()
        .into_iter()
        .map(|one| one.refresh_token)
        .collect();
    assert_eq!(
        spent.iter().filter(|token| *token == "old-token").count(),
        1,
        "{spent:?}"
    );
    assert!(!vendor.is_dead("old-token"));
    let path = format!("/instances/{}", instance["id"]);
    assert_eq!(ferrule.api.get(&path).json()["externalAuthentication"], "initial");
}

#[test]
fn a_refresh_token_is_spent_where_the_issuer_says_and_nowhere_while_it_says_nothing() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let of_issuer = |key: &str, issuer: &str| {
        format!(
            "key = \"{key}\"\nname = \"Acme\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\nissuer = \"{issuer}\"\n\
             discovery = true\nrefresh = \"rotating\"\n"
        )
    };
    let metadata = json!({
        "issuer": vendor.url(""),
        "authorization_endpoint": vendor.authorization_url(),
        "token_endpoint": vendor.token_url(),
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
    });
    vendor.script_at(
        "/.well-known/openid-configuration",
        Scripted::json(200, &metadata),
    );
    let ferrule = World::new()
        .with_connector("acme", &of_issuer("acme", &vendor.url("")))
        .with_connector("silent", &of_issuer("silent", &vendor.url("/silent")))
        .start();
    let mut silent = external("old-token");
    silent["element"] = json!({"key": "silent"});
    let refused = ferrule.api.post("/instances", &silent);
    assert_eq!(refused.status, 502, "{}", refused.text());
    assert!(
        refused.text().contains("it holds no issuer"),
        "{}",
        refused.text()
    );
    assert!(vendor.requests_to("/token").is_empty());

    let made = ferrule.api.post("/instances", &external("old-token"));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(vendor.requests_to("/token").len(), 1);
}

#[test]
fn a_refresh_token_that_the_vendor_does_not_know_leaves_nothing_behind() {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let ferrule = world.start();
    vendor.revoke("dead-token");
    let refused = ferrule.api.post("/instances", &external("dead-token"));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(
        refused.json()["providerMessage"]
            .to_string()
            .contains("invalid_grant")
    );
    assert_eq!(ferrule.api.get("/instances").json(), json!([]));
    let mut nothing = external("x");
    nothing["configuration"] = json!({});
    let refused = ferrule.api.post("/instances", &nothing);
    assert_eq!(
        refused.json()["message"],
        "Missing: oauth.api.key, oauth.user.refresh_token."
    );
    nothing["externalAuthentication"] = json!("often");
    assert_eq!(ferrule.api.post("/instances", &nothing).status, 400);
}

#[test]
fn killed_between_the_vendors_answer_and_the_commit_the_rotated_token_is_kept() {
    let vendor = TokenEndpoint::start(living(Duration::from_hours(1)));
    let world = World::new().with_connector("acme", &acme_with_api_at(&vendor));
    let mut ferrule = world.start();
    let held = vendor.hold();
    let api = ferrule.api.clone();
    let lost =
        thread::spawn(move || api.try_send("POST", "/instances", &[], &external("old-token").to_string()));
    vendor.wait_for_requests("/token", 1);
    let journal = world.data_dir().join("handshakes");
    let before = last_write(&journal);
    drop(held);
    // The next thing that is written is the vendor's answer.
    while last_write(&journal) == before {
        thread::yield_now();
    }
    ferrule.process.kill();
    drop(lost.join().unwrap());

    let ferrule = world.start();
    let answer = ferrule.api.post("/instances", &external("old-token"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(vendor.refreshes().len(), 1, "{:?}", vendor.refreshes());
    assert_eq!(
        call(&ferrule, &answer.json(), "/hubs/crm/me").json(),
        json!({"code": "old-token"})
    );
    let listed = ferrule.api.get("/instances").json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
}
