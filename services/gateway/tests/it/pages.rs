//! What a browser sees outside the API.

use ferrule_testkit::HttpClient;
use ferrule_wire::v1::CallbackResponse;

use crate::world::{PUBLIC_URL, World, refused, request_id};

#[test]
fn every_answer_outside_the_api_has_its_policies() {
    let world = World::start();
    *world.broker.landing.lock().unwrap() = CallbackResponse {
        redirect_to: "https://app.example/".to_owned(),
        ..CallbackResponse::default()
    };
    let long = format!("/{}", "x".repeat(17 * 1024));
    for (method, path, status) in [
        ("GET", "/", 303),
        ("GET", "/connectors", 200),
        ("HEAD", "/connectors", 200),
        ("POST", "/connectors", 405),
        ("GET", "/connectors/intercom", 200),
        ("GET", "/connectors/nobody", 404),
        ("GET", "/sign-in", 200),
        ("GET", "/docs", 200),
        ("GET", "/docs/openapi.json", 200),
        ("GET", "/instances/1/console", 303),
        ("POST", "/instances/1/console", 403),
        ("POST", "/sign-in", 403),
        ("GET", "/instances/1", 303),
        ("GET", "/assets/ferrule.css", 200),
        ("GET", "/assets/ferrule.js", 200),
        ("GET", "/connect.js", 200),
        ("GET", "/connect/nothing", 404),
        ("GET", "/nothing", 404),
        ("GET", "/elements/api-v22", 404),
        ("GET", "/elements", 404),
        ("GET", "/oauth/callback/intercom?code=c&state=s", 303),
        ("GET", "/oauth/callback/%ff?code=c", 400),
        ("GET", "/oauth/callback/nobody/done", 404),
        ("GET", &long, 414),
    ] {
        for accept in ["text/html,*/*", "*/*"] {
            let answer = HttpClient::new()
                .request(method, &world.url(path), &[("Accept", accept)], b"")
                .unwrap();
            assert_eq!(answer.status, status, "{method} {path}");
            request_id(&answer);
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
            let referrer = if path.starts_with("/oauth/") {
                "no-referrer"
            } else {
                "same-origin"
            };
            assert_eq!(
                answer.header("referrer-policy"),
                Some(referrer),
                "{method} {path}"
            );
            assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{method} {path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        }
    }
}

#[test]
fn nothing_here_is_a_page_for_browsers_and_json_for_clients() {
    let world = World::start();
    let page = HttpClient::new().get(&world.url("/nothing"), &[("Accept", "text/html,*/*;q=0.8")]);
    assert_eq!(page.status, 404);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let json = HttpClient::new().get(&world.url("/hubs"), &[]);
    assert!(refused(&json, 404).contains("/elements/api-v2"));
    for path in ["", "/", "/nothing"] {
        let answer = HttpClient::new().get(&world.api(path), &[("Accept", "text/html")]);
        refused(&answer, 404);
    }
}

#[test]
fn a_connectors_page_says_what_to_register_at_the_vendor() {
    let world = World::start();
    let page = HttpClient::new()
        .get(&world.url("/connectors/intercom"), &[])
        .text();
    assert!(
        page.contains(&format!("{PUBLIC_URL}/oauth/callback/intercom")),
        "{page}"
    );
    for field in [
        "name=\"name\"",
        "name=\"oauth.api.key\"",
        "name=\"oauth.api.secret\"",
    ] {
        let from = page.find(field).unwrap();
        assert!(
            page[from..].split('>').next().unwrap().contains(" required"),
            "{field}"
        );
    }
}

#[test]
fn the_catalogue_is_searched_and_filtered() {
    let world = World::start();
    let shown = |query: &str| {
        let page = HttpClient::new().get(&world.url(&format!("/connectors{query}")), &[]);
        page.text().contains("href=\"/connectors/intercom\"")
    };
    for query in [
        "?q=INTER",
        "?hub=marketing",
        "?kind=oauth2&q=intercom",
        "?q=intercom&hub=marketing&kind=oauth2",
    ] {
        assert!(shown(query), "{query}");
    }
    for query in [
        "?q=no-such-thing",
        "?hub=crm",
        "?kind=basic",
        "?q=intercom&hub=crm",
        "?from=99999",
    ] {
        assert!(!shown(query), "{query}");
    }
}

#[test]
fn no_page_holds_a_script_or_style_of_its_own() {
    let world = World::start();
    for path in ["/connectors", "/connectors/intercom", "/sign-in", "/nothing"] {
        let page = HttpClient::new()
            .get(&world.url(path), &[("Accept", "text/html")])
            .text();
        for inline in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
            assert!(!page.contains(inline), "{path} holds {inline}");
        }
        for script in page.split("<script").skip(1) {
            assert!(script.starts_with(" src=\"/assets/"), "{path}");
        }
    }
}
