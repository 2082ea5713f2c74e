//! Two organizations in one Ferrule, and nothing of one that the other could see.

use ferrule_testkit::{Answer, Behaviour, Browser, TokenEndpoint};
use serde_json::{Value, json};

use crate::organizations::{THEIR_ORGANIZATION, THEIR_USER, second_organization};
use crate::vendors::{acme_at, by_code, by_handshake, intercom_at};
use crate::world::{Api, Ferrule, ORGANIZATION, USER, World};

struct Two {
    vendor: TokenEndpoint,
    _world: World,
    ferrule: Ferrule,
    theirs: Api,
}

fn two_organizations() -> Two {
    let vendor = TokenEndpoint::start(Behaviour::default());
    let world = World::new()
        .with_connector("intercom", &intercom_at(&vendor))
        .with_connector("acme", &acme_at(&vendor));
    let ferrule = world.start();
    let theirs = ferrule.api.called_by(&second_organization(&world));
    Two {
        vendor,
        _world: world,
        ferrule,
        theirs,
    }
}

/// An answer without what differs between any two answers.
fn comparable(answer: &Answer, id: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers = answer.headers.clone();
    headers
        .retain(|(name, _)| !["date", "elements-request-id"].contains(&name.to_ascii_lowercase().as_str()));
    let mut body = answer.json();
    if let Some(members) = body.as_object_mut() {
        members.remove("requestId");
    }
    (answer.status, headers, body.to_string().replace(id, "ID"))
}

#[test]
fn security_25_another_organizations_instance_is_a_missing_one() {
    let two = two_organizations();
    let made = two
        .ferrule
        .api
        .post("/instances", &by_code("intercom", "one"))
        .json();
    let theirs = made["id"].to_string();
    // As long as the other, and never drawn: no digit of it is allowed in front.
    let missing = format!("9{}", &theirs[1..]);
    let missing = if missing == theirs {
        format!("8{}", &theirs[1..])
    } else {
        missing
    };
    let change = json!({"name": "Mine now"});
    let code = json!({"providerData": {"code": "stolen"}});
    let entry = json!({"propertyValue": "x"});
    let bodies: [(&str, &str, Option<&Value>); 17] = [
        ("GET", "/instances/ID", None),
        ("DELETE", "/instances/ID", None),
        ("PATCH", "/instances/ID", Some(&change)),
        ("PUT", "/instances/ID", Some(&change)),
        ("PATCH", "/instances/ID", Some(&code)),
        ("PUT", "/instances/ID", Some(&code)),
        ("POST", "/instances/ID", Some(&change)),
        ("GET", "/instances/ID/configuration", None),
        ("GET", "/instances/ID/configuration/1", None),
        ("PATCH", "/instances/ID/configuration/1", Some(&entry)),
        ("GET", "/elements/intercom/instances/ID", None),
        ("DELETE", "/elements/intercom/instances/ID", None),
        ("PATCH", "/elements/7549/instances/ID", Some(&change)),
        ("PUT", "/elements/intercom/instances/ID", Some(&change)),
        ("GET", "/elements/acme/instances/ID", None),
        ("GET", "/instances/ID/events", None),
        ("PUT", "/instances/ID/enabled", None),
    ];
    for (method, path, body) in bodies {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let ask = |id: &str| {
            let answer = two.theirs.send(method, &path.replace("ID", id), &[], &body);
            comparable(&answer, id)
        };
        let (there, not_there) = (ask(&theirs), ask(&missing));
        assert_eq!(there, not_there, "{method} {path}");
        assert!(matches!(there.0, 404 | 405), "{method} {path}: {there:?}");
    }
    assert_eq!(two.vendor.token_requests_for("stolen"), 0);
    for path in [
        "/instances",
        "/elements/intercom/instances",
        "/instances?searchText=API",
        "/instances?tags[]=Test",
    ] {
        assert_eq!(two.theirs.get(path).json(), json!([]), "{path}");
    }
    let still = two.ferrule.api.get(&format!("/instances/{theirs}")).json();
    assert_eq!((&still["name"], &still["token"]), (&made["name"], &made["token"]));
}

#[test]
fn security_25_secrets_that_do_not_belong_together_are_wrong_ones() {
    let two = two_organizations();
    let made = two
        .ferrule
        .api
        .post("/instances", &by_code("intercom", "one"))
        .json();
    let token = made["token"].as_str().unwrap();
    let junk = format!(
        "User {THEIR_USER}, Element {}",
        token.replace(&token[..8], "AAAAAAAA")
    );
    let wanted = comparable(&two.ferrule.api.called_by(&junk).get("/instances"), "-");
    assert_eq!(wanted.0, 401);
    for authorization in [
        format!("User {THEIR_USER}, Element {token}"),
        format!("User {THEIR_USER}, Organization {THEIR_ORGANIZATION}, Element {token}"),
        format!("User {USER}, Organization {THEIR_ORGANIZATION}, Element {token}"),
        format!("User {THEIR_USER}, Organization {ORGANIZATION}"),
        format!("User {USER}, Organization {THEIR_ORGANIZATION}"),
        format!("User {ORGANIZATION}, Organization {USER}"),
    ] {
        let answer = two.ferrule.api.called_by(&authorization).get("/instances");
        assert_eq!(answer.status, 401, "{authorization}: {}", answer.text());
    }
    let theirs = two
        .ferrule
        .api
        .called_by(&format!("User {THEIR_USER}, Element {token}"));
    assert_eq!(comparable(&theirs.get("/instances"), "-"), wanted);
}

#[test]
fn security_30_the_same_code_of_two_organizations_is_two_codes() {
    let two = two_organizations();
    let ours = two.ferrule.api.post("/instances", &by_code("intercom", "one"));
    // This vendor takes a code once: the other organization is refused by it, not by what Ferrule remembers.
    let theirs = two.theirs.post("/instances", &by_code("intercom", "one"));
    assert_eq!((ours.status, theirs.status), (200, 400));
    assert!(
        theirs.json()["providerMessage"]
            .as_str()
            .unwrap()
            .contains("invalid_grant")
    );
    assert_eq!(two.vendor.token_requests_for("one"), 2);
    let key = [("Idempotency-Key", "same")];
    for (api, code) in [(&two.ferrule.api, "two"), (&two.theirs, "three")] {
        let answer = api.send("POST", "/instances", &key, &by_code("intercom", code).to_string());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn security_25_another_organizations_handshake_is_an_unknown_one() {
    let two = two_organizations();
    let query = [("apiKey", "k"), ("apiSecret", "s")];
    let begun = two.ferrule.api.oauth_url("acme", &query);
    let handshake = Browser::new().open(&begun).parameter("handshake").unwrap();
    let unknown = format!("x{}", &handshake[1..]);
    let ask = |handshake: &str| {
        let answer = two.theirs.post("/instances", &by_handshake("acme", handshake));
        comparable(&answer, handshake)
    };
    let refused = ask(&handshake);
    assert_eq!(refused, ask(&unknown));
    assert_eq!(refused.0, 404);
    assert_eq!(two.vendor.requests_to("/token").len(), 0);
    let ours = two
        .ferrule
        .api
        .post("/instances", &by_handshake("acme", &handshake));
    assert_eq!(ours.status, 200, "{}", ours.text());
}

#[test]
fn security_27_an_id_alone_opens_nothing() {
    let two = two_organizations();
    let made = two
        .ferrule
        .api
        .post("/instances", &by_code("intercom", "one"))
        .json();
    let path = format!("/instances/{}", made["id"]);
    for authorization in [
        String::new(),
        format!("User {USER}"),
        format!("Organization {ORGANIZATION}"),
        format!("Element {}", made["token"].as_str().unwrap()),
        format!("Bearer {USER}"),
    ] {
        let answer = two.ferrule.api.called_by(&authorization).get(&path);
        assert_eq!(answer.status, 401, "{authorization:?}: {}", answer.text());
    }
}
