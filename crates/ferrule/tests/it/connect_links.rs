//! A product's customer connects an account by a link alone, with the product's stored app.

use ferrule_testkit::{
    Browser, CLIENT_ID, CLIENT_SECRET, Decision, Landing, OidcOptions, OidcProvider, free_port,
};
use serde_json::{Value, json};

use crate::vendors::{by_handshake, certified_at};
use crate::world::{Ferrule, World};

const BACK: &str = "https://product.example/back?tab=2";

fn html(landing: &Landing) -> String {
    match landing {
        Landing::Page { html, .. } => html.clone(),
        Landing::Callback(url) => panic!("left for {url}"),
    }
}

fn status(landing: &Landing) -> u16 {
    match landing {
        Landing::Page { status, .. } => *status,
        Landing::Callback(url) => panic!("left for {url}"),
    }
}

/// Ferrule, with the sandbox's app stored.
fn started() -> Ferrule {
    let ferrule = World::new().start();
    let app = json!({"apiKey": "sandbox-client", "apiSecret": "sandbox-secret"});
    let stored = ferrule.api.put("/elements/sandbox/app", &app);
    assert_eq!(stored.status, 200, "{}", stored.text());
    assert!(!stored.text().contains("sandbox-secret"));
    ferrule
}

/// A new session's id and link.
fn open(ferrule: &Ferrule, body: &Value) -> (String, String) {
    let made = ferrule.api.post("/connect/sessions", body);
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("url"))
}

fn standing(ferrule: &Ferrule, id: &str) -> Value {
    let shown = ferrule.api.get(&format!("/connect/sessions/{id}"));
    assert!(!shown.text().contains("oken"), "{}", shown.text());
    shown.json()
}

/// Presses the link's button, and gives the vendor's login URL that the next page leads to.
fn begin(browser: &mut Browser, link: &str, element: &str) -> String {
    let page = html(&browser.submit(link, &[("element", element)]));
    let href = page
        .split("<a class=\"button\" href=\"")
        .nth(1)
        .expect("a link to the vendor");
    href.split('"').next().unwrap().replace("&#38;", "&")
}

/// Takes the last step, as the page's script does.
fn finish(browser: &mut Browser, link: &str, element: &str, landing: &Landing) -> Landing {
    let handshake = landing.parameter("handshake").expect("a handshake");
    let fields = [("element", element), ("handshake", handshake.as_str())];
    browser.submit(&format!("{link}/done"), &fields)
}

#[test]
fn a_customer_connects_by_the_link_alone_and_once() {
    let ferrule = started();
    let (id, link) = open(
        &ferrule,
        &json!({"elements": ["sandbox"], "name": "Customer <1>", "tags": ["customer-1"], "endUserId": "u-1",
                "returnUrl": BACK, "state": "s-1"}),
    );
    let mut customer = Browser::new();
    for _ in 0..2 {
        let page = html(&customer.open(&link));
        assert!(
            page.contains("First organization") && page.contains("<code>contacts</code>"),
            "{page}"
        );
    }
    assert_eq!(standing(&ferrule, &id)["status"], "open");
    let login = begin(&mut customer, &link, "sandbox");
    assert!(
        login.contains("client_id=sandbox-client") && !login.contains("sandbox-secret"),
        "{login}"
    );

    let stranger = html(&Browser::new().log_in(&login, Decision::Allow));
    assert!(stranger.contains("began in another browser"), "{stranger}");

    let landing = customer.log_in(&login, Decision::Allow);
    assert!(landing.url().starts_with(&format!("{link}/done?")), "{landing:?}");
    assert_eq!(standing(&ferrule, &id)["status"], "open");
    let way = format!("product.example/back?tab=2&#38;state=s-1&#38;status=done&#38;id={id}");
    for _ in 0..2 {
        let ended = html(&finish(&mut customer, &link, "sandbox", &landing));
        assert!(
            ended.contains("Sandbox is connected") && ended.contains(&way),
            "{ended}"
        );
    }

    let done = standing(&ferrule, &id);
    assert_eq!(
        (&done["status"], &done["endUserId"]),
        (&json!("done"), &json!("u-1"))
    );
    let instance = ferrule.api.get(&format!("/instances/{}", done["instanceId"]));
    let token = instance.json()["token"].as_str().unwrap().to_owned();
    assert_eq!(instance.json()["tags"], json!(["customer-1"]));
    let contacts = ferrule.api.by_token(&token).get("/hubs/crm/contacts");
    assert_eq!(contacts.status, 200, "{}", contacts.text());
    assert_eq!(ferrule.api.get("/instances").json().as_array().unwrap().len(), 1);

    for landing in [
        Browser::new().open(&link),
        Browser::new().submit(&link, &[("element", "sandbox")]),
    ] {
        assert_eq!(status(&landing), 410, "{landing:?}");
        assert!(html(&landing).contains("This link was used"), "{landing:?}");
    }
    let output = ferrule.output();
    let secret = link.rsplit('/').next().unwrap();
    for never in [secret, token.as_str()] {
        assert!(!output.contains(never), "{never} is in the log");
    }
}

#[test]
fn a_no_is_told_and_the_same_link_tries_again() {
    let ferrule = started();
    let (id, link) = open(&ferrule, &json!({"elements": ["sandbox"]}));
    let mut customer = Browser::new();
    let login = begin(&mut customer, &link, "sandbox");
    let landing = customer.log_in(&login, Decision::Deny);
    let ended = html(&finish(&mut customer, &link, "sandbox", &landing));
    assert!(
        ended.contains("ended with a no") && ended.contains("access_denied"),
        "{ended}"
    );
    assert!(
        ended.contains(&format!(
            "{}?element=sandbox\"",
            link.split_at(ferrule.url.len()).1
        )),
        "{ended}"
    );
    assert_eq!(standing(&ferrule, &id)["status"], "denied");

    let login = begin(&mut customer, &link, "sandbox");
    assert_eq!(standing(&ferrule, &id)["status"], "open");
    let landing = customer.log_in(&login, Decision::Allow);
    finish(&mut customer, &link, "sandbox", &landing);
    assert_eq!(standing(&ferrule, &id)["status"], "done");
}

#[test]
fn one_customers_login_is_nothing_to_another_link_and_nothing_to_the_api() {
    let ferrule = started();
    let (id, link) = open(&ferrule, &json!({"elements": ["sandbox"]}));
    let (other_id, other_link) = open(&ferrule, &json!({"elements": ["sandbox"]}));
    let mut customer = Browser::new();
    let login = begin(&mut customer, &link, "sandbox");
    let landing = customer.log_in(&login, Decision::Allow);
    let refused = finish(&mut customer, &other_link, "sandbox", &landing);
    assert!(html(&refused).contains("not known here"), "{refused:?}");
    let handshake = landing.parameter("handshake").unwrap();
    let by_api = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(by_api.status, 404, "{}", by_api.text());
    assert_eq!(standing(&ferrule, &other_id)["status"], "open");
    finish(&mut customer, &link, "sandbox", &landing);
    assert_eq!(standing(&ferrule, &id)["status"], "done");
}

#[test]
fn with_a_stored_app_nobody_brings_key_and_secret() {
    let ferrule = started();
    let begun = ferrule
        .api
        .oauth_url("sandbox", &[("returnUrl", "http://127.0.0.1:9/back")]);
    assert!(begun.contains("client_id=sandbox-client"), "{begun}");
    let landing = Browser::stopping_at("http://127.0.0.1:9/back").log_in(&begun, Decision::Allow);
    let handshake = landing.parameter("handshake").unwrap();
    let made = ferrule
        .api
        .post("/instances", &by_handshake("sandbox", &handshake));
    assert_eq!(made.status, 200, "{}", made.text());

    assert_eq!(ferrule.api.delete("/elements/sandbox/app").status, 200);
    let without = ferrule.api.get("/elements/sandbox/oauth/url");
    assert_eq!(without.status, 400, "{}", without.text());
    let refused = ferrule
        .api
        .post("/connect/sessions", &json!({"elements": ["sandbox"]}));
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("PUT /elements/sandbox/app"),
        "{}",
        refused.text()
    );
}

/// With a server that someone else wrote, and the operator's list of ways back.
#[test]
fn a_certified_vendor_is_connected_by_a_link() {
    let port = free_port();
    let callback = format!("http://localhost:{port}/oauth/callback/certified");
    let provider = OidcProvider::start(&[&callback], OidcOptions::default());
    let world = World::new()
        .with("FERRULE_LISTEN", &format!("127.0.0.1:{port}"))
        .with("FERRULE_RETURN_URLS", BACK)
        .with_connector("certified", &certified_at(&provider, provider.issuer()));
    let ferrule = world.start();
    let app = json!({"apiKey": CLIENT_ID, "apiSecret": CLIENT_SECRET});
    let stored = ferrule.api.put("/elements/certified/app", &app);
    assert_eq!(stored.status, 200, "{}", stored.text());
    let elsewhere = json!({"elements": ["certified"], "returnUrl": "https://elsewhere.example/"});
    assert_eq!(ferrule.api.post("/connect/sessions", &elsewhere).status, 400);

    let body = json!({"elements": ["certified", "sandbox"], "returnUrl": BACK});
    assert_eq!(
        ferrule.api.post("/connect/sessions", &body).status,
        400,
        "the sandbox has no app"
    );
    let (id, link) = open(&ferrule, &json!({"elements": ["certified"], "returnUrl": BACK}));
    let mut customer = Browser::new();
    let login = begin(&mut customer, &link, "certified");
    let landing = customer.log_in(&login, Decision::Allow);
    let ended = html(&finish(&mut customer, &link, "certified", &landing));
    assert!(ended.contains("is connected"), "{ended}\n{}", provider.log());
    assert_eq!(standing(&ferrule, &id)["status"], "done");
}
