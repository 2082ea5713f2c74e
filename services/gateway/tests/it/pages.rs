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
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("POST", "/", 405),
        ("GET", "/assets/ferrule.css", 200),
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
            assert_eq!(
                answer.header("referrer-policy"),
                Some("no-referrer"),
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
    let json = HttpClient::new().get(&world.url("/instances"), &[]);
    assert!(refused(&json, 404).contains("/elements/api-v2"));
    for path in ["", "/", "/nothing"] {
        let answer = HttpClient::new().get(&world.api(path), &[("Accept", "text/html")]);
        refused(&answer, 404);
    }
}

#[test]
fn the_first_page_names_the_base_url() {
    let world = World::start();
    let page = HttpClient::new().get(&world.url("/"), &[]);
    assert!(page.text().contains(&format!("{PUBLIC_URL}/elements/api-v2")));
}
