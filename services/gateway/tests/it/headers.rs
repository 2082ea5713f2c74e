//! Headers that the contract's clients compare letter by letter.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ferrule_testkit::HttpClient;

use crate::world::{World, platform, refused, request_id};

const EXPOSED: &str = "\r\nAccess-Control-Expose-Headers: Elements-Returned-Count, Elements-Total-Count, \
                       Elements-Request-Id, Elements-Next-Page-Token, Elements-Trace-Id, Elements-Error, \
                       Content-Disposition\r\n";

fn on_the_wire(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_request_with_an_origin_gets_exactly_the_contracts_exposed_headers() {
    let world = World::start();
    let authorization = platform();
    let long = "x".repeat(17 * 1024);
    for (path, status) in [
        ("/instances", "200"),
        ("/instances/abc", "400"),
        ("/nothing", "404"),
        ("", "404"),
        ("/", "404"),
        (&*format!("/{long}"), "414"),
    ] {
        for (origin, expected) in [("Origin: https://app.example\r\n", true), ("", false)] {
            let request = format!(
                "GET /elements/api-v2{path} HTTP/1.1\r\nHost: h\r\nAuthorization: {authorization}\r\n{origin}\
                 Connection: close\r\n\r\n"
            );
            let answer = on_the_wire(&world, &request);
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{path}: {answer}"
            );
            assert_eq!(answer.contains(EXPOSED), expected, "{path}: {answer}");
            assert_eq!(
                answer.to_lowercase().contains("access-control-"),
                expected,
                "{path}"
            );
            assert!(answer.contains("\r\nElements-Request-Id: "), "{path}: {answer}");
        }
    }
}

#[test]
fn a_preflight_allows_what_the_api_takes() {
    let world = World::start();
    let asked = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "PATCH"),
        ("Access-Control-Request-Headers", "authorization"),
    ];
    let answer = HttpClient::new()
        .request("OPTIONS", &world.api("/instances/1"), &asked, b"")
        .unwrap();
    assert_eq!(answer.status, 200);
    request_id(&answer);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert!(
        answer
            .header("access-control-allow-methods")
            .unwrap()
            .contains("PATCH")
    );
    assert!(
        answer
            .header("access-control-allow-headers")
            .unwrap()
            .contains("Authorization")
    );
}

#[test]
fn the_api_has_no_frame_options_and_is_never_used_from_a_cache_unasked() {
    let world = World::start();
    for (path, kept) in [
        ("/instances", "no-store"),
        ("/elements", "private, no-cache"),
        ("/nothing", "no-store"),
        ("/instances/abc", "no-store"),
    ] {
        let answer = world.get(path);
        assert_eq!(answer.header("x-frame-options"), None, "{path}");
        assert_eq!(answer.header("content-security-policy"), None, "{path}");
        assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
    }
}

#[test]
fn head_answers_as_get_does_without_a_body() {
    let world = World::start();
    for path in [
        "/instances",
        "/elements",
        "/instances/594927",
        "/instances/1",
        "/nothing",
    ] {
        let get = world.get(path);
        let head = world.send("HEAD", path, Some(&platform()), "");
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert_ne!(request_id(&head), request_id(&get));
    }
}

#[test]
fn a_method_that_a_path_does_not_take_is_a_405_that_names_those_it_does() {
    let world = World::start();
    for (method, path, allow) in [
        ("DELETE", "/instances", "GET,HEAD,POST,PUT,PATCH"),
        ("POST", "/instances/594927", "GET,HEAD,PUT,PATCH,DELETE"),
        ("DELETE", "/elements/intercom/oauth/url", "GET,HEAD,POST"),
        ("PUT", "/hubs", "GET,HEAD"),
        ("PROPFIND", "/elements", "GET,HEAD"),
        ("OPTIONS", "/elements", "GET,HEAD"),
    ] {
        let answer = world.send(method, path, Some(&platform()), "");
        refused(&answer, 405);
        let mut named: Vec<_> = answer.header("allow").unwrap().split(',').collect();
        let mut wanted: Vec<_> = allow.split(',').collect();
        named.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(named, wanted, "{method} {path}");
    }
}
