//! Connect links: what the product asks for, and what its customer sees.

use ferrule_testkit::{Answer, HttpClient};
use ferrule_wire::v1::connect_session::Status;
use ferrule_wire::{Reason, Refusal};

use crate::registry::ID;
use crate::world::{PUBLIC_URL, World, platform, refused, settings};

const SESSIONS: &str = "/connect/sessions";
const ORIGIN: &str = "https://app.example.com";

fn opened(world: &World, body: &str) -> serde_json::Value {
    let answer = world.send("POST", SESSIONS, Some(&platform()), body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The path of a new link for Intercom, whose app is stored.
fn link(world: &World, body: &str) -> String {
    *world.registry.app.lock().unwrap() = Some(["intercom", "kept-key", "c4n4ry"].map(str::to_owned));
    let url = opened(world, body)["url"].as_str().unwrap().to_owned();
    url.strip_prefix(PUBLIC_URL).unwrap().to_owned()
}

fn page(world: &World, path: &str) -> Answer {
    HttpClient::new().get(&world.url(path), &[("Accept", "text/html")])
}

fn post(world: &World, path: &str, site: &str, body: &str) -> Answer {
    let headers = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Sec-Fetch-Site", site),
    ];
    HttpClient::new()
        .request("POST", &world.url(path), &headers, body.as_bytes())
        .unwrap()
}

fn stands(world: &World, status: Status) {
    world.registry.connect.lock().unwrap().status = status.into();
}

#[test]
fn a_session_is_a_link_told_once_and_its_digest() {
    let world = World::start();
    let body = r#"{"elements":["intercom",7549],"name":"Customer 1","tags":["customer-1"],"endUserId":"u-1",
                   "returnUrl":"https://app.example.com/back?tab=2","state":"s-1","expiresIn":600}"#;
    let made = opened(&world, body);
    assert_eq!(made["id"], "the-session");
    assert_eq!(made["expiresAt"], "2019-07-12T15:29:52Z");
    let secret = made["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(secret.len(), 43);
    let asked = world.registry.sessions_asked.lock().unwrap().pop().unwrap();
    assert_eq!(asked.link, ferrule_model::Digest::of(&secret).as_bytes());
    assert_eq!(asked.elements, ["intercom", "7549"]);
    assert_eq!(asked.expires_in_seconds, 600);

    world.registry.connect.lock().unwrap().instance_id = Some(ID);
    stands(&world, Status::Done);
    let shown = world.get("/connect/sessions/the-session");
    let json = shown.json();
    for (name, want) in [
        ("status", "done"),
        ("endUserId", "u-1"),
        ("state", "s-1"),
        ("name", "Customer 1"),
    ] {
        assert_eq!(json[name], want);
    }
    assert_eq!(json["instanceId"], ID);
    assert!(!shown.text().contains(&secret) && !shown.text().contains("oken"));
    refused(&world.get("/connect/sessions/another"), 404);
    refused(
        &world.send("POST", SESSIONS, None, r#"{"elements":["intercom"]}"#),
        401,
    );
}

#[test]
fn what_a_link_goes_back_to_is_held_to_the_operators_list() {
    let listed = ferrule_gateway::Settings {
        return_urls: Some(vec!["https://app.example.com/back".to_owned()]),
        ..settings()
    };
    let (any, listed) = (World::start(), World::with(listed));
    for (url, with_any, with_list) in [
        ("https://app.example.com/back", 200, 200),
        ("https://app.example.com/elsewhere", 200, 400),
        ("http://localhost:3000/back", 200, 400),
        ("http://app.example.com/back", 400, 400),
        ("javascript:alert(1)", 400, 400),
        ("https://user@app.example.com/back", 400, 400),
        ("https://app.example.com/back#x", 400, 400),
    ] {
        let body = format!(r#"{{"elements":["intercom"],"returnUrl":"{url}"}}"#);
        for (world, status) in [(&any, with_any), (&listed, with_list)] {
            let answer = world.send("POST", SESSIONS, Some(&platform()), &body);
            assert_eq!(answer.status, status, "{url}");
        }
    }
    for body in [
        r#"{"elements":"intercom"}"#,
        r#"{"elements":[true]}"#,
        r#"{"elements":["intercom"],"expiresIn":0}"#,
        r#"{"elements":["intercom"],"expiresIn":-5}"#,
        r#"{"elements":["intercom"],"tags":"x"}"#,
    ] {
        assert_eq!(
            any.send("POST", SESSIONS, Some(&platform()), body).status,
            400,
            "{body}"
        );
    }
}

#[test]
fn a_link_names_product_connector_and_scopes_and_only_a_same_site_post_goes_on() {
    let world = World::start();
    let link = link(&world, r#"{"elements":["intercom"]}"#);
    for _ in 0..2 {
        let shown = page(&world, &link);
        assert_eq!(shown.status, 200);
        let text = shown.text();
        for words in [
            "Ours &#38; &#60;Co&#62;",
            "Log in at Intercom",
            "<code>read</code>",
        ] {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(!text.contains("c4n4ry") && !text.contains("kept-key"), "{text}");
        assert!(shown.header("set-cookie").is_none());
    }
    assert!(world.broker.authorized.lock().unwrap().is_empty());
    for site in ["cross-site", "same-site", "none"] {
        assert_eq!(
            post(&world, &link, site, "element=intercom").status,
            403,
            "{site}"
        );
    }
    assert!(world.broker.authorized.lock().unwrap().is_empty());

    let gone_on = post(&world, &link, "same-origin", "element=intercom");
    assert_eq!(gone_on.status, 200, "{}", gone_on.text());
    assert!(gone_on.text().contains("http-equiv=\"refresh\""));
    assert!(!gone_on.text().contains("c4n4ry"));
    assert!(gone_on.header("set-cookie").unwrap().contains("ferrule-binding="));
    let asked = world.broker.last_authorized();
    assert_eq!(
        (asked.api_key.as_str(), asked.api_secret.as_str()),
        ("kept-key", "c4n4ry")
    );
    assert_eq!(asked.connect_session, "the-session");
    assert_eq!(asked.organization_id, Some(1));
    assert!(!asked.browser_binding.is_empty());
    assert_eq!(
        asked.return_url,
        format!("{PUBLIC_URL}{link}/done?element=intercom")
    );
}

#[test]
fn several_connectors_are_a_choice_and_what_a_vendor_needs_typed_is_asked_for() {
    let world = World::start();
    let link = link(&world, r#"{"elements":["intercom","shopify"]}"#);
    let choice = page(&world, &link).text();
    for key in ["intercom", "shopify"] {
        assert!(choice.contains(&format!("{link}?element={key}\"")), "{choice}");
    }
    let chosen = page(&world, &format!("{link}?element=shopify")).text();
    assert!(
        chosen.contains("Log in at Shopify") && chosen.contains("Choose another"),
        "{chosen}"
    );
    for never in [
        "oauth.api.key",
        "oauth.api.secret",
        "oauth.scope",
        "name=\"tags\"",
    ] {
        assert!(!chosen.contains(never), "{never}");
    }
    let refused = post(&world, &link, "same-origin", "element=shopify");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("is needed here"), "{}", refused.text());
}

#[test]
fn the_login_comes_back_to_a_form_that_takes_the_last_step() {
    let world = World::start();
    let link = link(
        &world,
        r#"{"elements":["intercom"],"returnUrl":"https://app.example.com/back?tab=2","state":"s&1"}"#,
    );
    let done = format!("{link}/done");
    let back = page(&world, &format!("{done}?element=intercom&handshake=h-1"));
    assert!(back.text().contains("data-goes-on") && back.text().contains("value=\"h-1\""));
    assert!(world.registry.finished.lock().unwrap().is_empty());
    assert_eq!(
        post(&world, &done, "cross-site", "element=intercom&handshake=h-1").status,
        403
    );
    assert!(world.registry.finished.lock().unwrap().is_empty());

    let ended = post(&world, &done, "same-origin", "element=intercom&handshake=h-1").text();
    assert!(ended.contains("Intercom is connected"), "{ended}");
    let way = "https://app.example.com/back?tab=2&#38;state=s%261&#38;status=done&#38;id=the-session";
    assert!(ended.contains(&format!("content=\"2; url={way}\"")), "{ended}");
    assert!(!ended.contains("oken"), "{ended}");
    let over = page(&world, &link);
    assert_eq!(over.status, 410);
    assert!(over.text().contains("This link was used") && over.text().contains(way));
}

#[test]
fn a_no_and_a_failure_lead_back_to_the_same_link() {
    let world = World::start();
    let link = link(&world, r#"{"elements":["intercom"]}"#);
    let finish = || {
        post(
            &world,
            &format!("{link}/done"),
            "same-origin",
            "element=intercom&handshake=h",
        )
    };
    for (reason, standing, words) in [
        (Reason::UserDenied, Status::Denied, "ended with a no"),
        (Reason::VendorRejected, Status::Failed, "did not complete"),
        (Reason::StateExpired, Status::Open, "took too long"),
        (Reason::Unavailable, Status::Open, "out of order"),
    ] {
        world.registry.mood.refuse_renewals(reason, "words");
        stands(&world, standing);
        let text = finish().text();
        assert!(text.contains(words), "{reason:?}: {text}");
        assert!(text.contains("Try again") && text.contains(&link), "{text}");
    }
}

#[test]
fn links_that_are_unknown_over_or_used_say_so() {
    let world = World::start();
    let link = link(&world, r#"{"elements":["intercom"]}"#);
    stands(&world, Status::Expired);
    let over = page(&world, &link);
    assert_eq!(over.status, 410);
    assert!(over.text().contains("This link is over"));
    let unknown = format!("/connect/{}", "A".repeat(43));
    for path in [unknown.as_str(), "/connect/short", "/connect/%2e%2e"] {
        let answer = page(&world, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("not known here"), "{}", answer.text());
    }
    for (reason, status) in [(Reason::ConnectExpired, 410), (Reason::ConnectSpent, 410)] {
        world.registry.mood.fail(Refusal::new(reason, "w").into());
        assert_eq!(
            post(&world, &link, "same-origin", "element=intercom").status,
            status
        );
    }
}

#[test]
fn the_button_is_framed_by_the_one_registered_origin_and_nothing_else_is() {
    let world = World::start();
    let link = link(&world, r#"{"elements":["intercom"],"state":"<s>"}"#);
    let button = format!("{link}/button");
    assert_eq!(page(&world, &button).status, 404);
    let origin = |method, body: &str| world.send(method, "/connect/origin", Some(&platform()), body);
    assert_eq!(origin("GET", "").text(), r#"{"origin":null}"#);
    for bad in ["*", "https://app.example.com/", "http://app.example.com", ""] {
        assert_eq!(
            origin("PUT", &format!(r#"{{"origin":"{bad}"}}"#)).status,
            400,
            "{bad}"
        );
    }
    let put = origin("PUT", &format!(r#"{{"origin":"{ORIGIN}"}}"#));
    assert_eq!(put.text(), format!(r#"{{"origin":"{ORIGIN}"}}"#));

    let framed = page(&world, &button);
    assert_eq!(framed.status, 200);
    let policy = framed.header("content-security-policy").unwrap();
    assert!(policy.ends_with(&format!("frame-ancestors {ORIGIN}")), "{policy}");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(framed.header("x-frame-options"), None);
    let text = framed.text();
    assert!(
        text.contains(&format!("data-origin=\"{ORIGIN}\"")) && text.contains("data-state=\"&#60;s&#62;\"")
    );
    for path in [
        link.clone(),
        format!("{link}/done?element=intercom"),
        format!("{link}/status"),
    ] {
        let answer = page(&world, &path);
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .ends_with("frame-ancestors 'none'")
        );
    }
    assert_eq!(
        page(&world, &format!("{link}/status")).text(),
        r#"{"status":"open"}"#
    );
    assert_eq!(origin("DELETE", "").status, 200);
    assert_eq!(page(&world, &button).status, 404);
    refused(
        &world.send(
            "PUT",
            "/connect/origin",
            None,
            r#"{"origin":"https://a.example"}"#,
        ),
        401,
    );
}

#[test]
fn the_products_script_is_small_and_names_no_target_but_ours() {
    let world = World::start();
    let script = page(&world, "/connect.js");
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    assert!(script.text().len() <= 2048, "{}", script.text().len());
    for path in ["/connect.js", "/assets/connect.js"] {
        let text = page(&world, path).text();
        assert!(
            !text.contains("\"*\"") && text.contains("event.origin") && text.contains("event.source"),
            "{path}"
        );
    }
}
