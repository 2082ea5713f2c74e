//! Requests that are malformed, too large or of the wrong shape.

use ferrule_testkit::HttpClient;

use crate::world::{World, platform, refused};

#[test]
fn bodies_of_the_wrong_shape_are_a_400_that_repeats_none_of_them() {
    let world = World::start();
    let nested = format!("{{\"a\":{}1{}}}", "[".repeat(64), "]".repeat(64));
    let long_name = format!(
        r#"{{"element":{{"key":"intercom"}},"name":"{}"}}"#,
        "n".repeat(1025)
    );
    let long_tag = format!(
        r#"{{"element":{{"key":"intercom"}},"tags":["{}"]}}"#,
        "t".repeat(513)
    );
    let many_tags = format!(
        r#"{{"element":{{"key":"intercom"}},"tags":[{}""]}}"#,
        r#""t","#.repeat(100)
    );
    for body in [
        "",
        "{",
        "c4n4ry",
        "null",
        "7",
        "[]",
        r#"[{"key":"intercom"},null,null,null,null]"#,
        r#"{"element":["intercom",null]}"#,
        r#""c4n4ry""#,
        "{}",
        r#"{"element":"c4n4ry"}"#,
        r#"{"element":{}}"#,
        r#"{"element":{"key":""}}"#,
        r#"{"element":{"key":7}}"#,
        r#"{"element":{"id":"c4n4ry"}}"#,
        r#"{"element":{"id":1.5}}"#,
        r#"{"element":{"key":"intercom"},"name":["c4n4ry"]}"#,
        r#"{"element":{"key":"intercom"},"name":"a\u0000b"}"#,
        r#"{"element":{"key":"intercom"},"name":"\ud800"}"#,
        r#"{"element":{"key":"intercom"},"tags":"c4n4ry"}"#,
        r#"{"element":{"key":"intercom"},"tags":[7]}"#,
        r#"{"element":{"key":"intercom"},"tags":["a\u0000b"]}"#,
        r#"{"element":{"key":"intercom"},"configuration":["c4n4ry"]}"#,
        r#"{"element":{"key":"intercom"},"configuration":{"a\u0000":"b"}}"#,
        r#"{"element":{"key":"intercom"},"providerData":"c4n4ry"}"#,
        r#"{"element":{"key":"intercom"},"providerData":{"code":"a\u0000b"}}"#,
        r#"{"element":{"key":"intercom"},"name":"a","name":"b"}"#,
        r#"{"element":{"key":"intercom"},"configuration":{"a":1e999}}"#,
        r#"{"element":{"key":"intercom"}} c4n4ry"#,
        &nested,
        &long_name,
        &long_tag,
        &many_tags,
    ] {
        let answer = world.send("POST", "/instances", Some(&platform()), body);
        let message = refused(&answer, 400);
        assert!(!message.contains("c4n4ry"), "{body}: {message}");
    }
    let answer = HttpClient::new().post(
        &world.api("/instances"),
        &[("Authorization", &platform())],
        b"{\"element\":{\"key\":\"\xff\"}}",
    );
    refused(&answer, 400);
    assert!(world.registry.created.lock().unwrap().is_empty());
}

#[test]
fn json_may_nest_64_levels_and_no_more() {
    let world = World::start();
    let body = |levels: usize| {
        let inner = levels - 1;
        format!(
            r#"{{"element":{{"key":"intercom"}},"surprise":{}1{}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    assert_eq!(
        world
            .send("POST", "/instances", Some(&platform()), &body(64))
            .status,
        200
    );
    refused(
        &world.send("POST", "/instances", Some(&platform()), &body(65)),
        400,
    );
    refused(
        &world.send("POST", "/instances", Some(&platform()), &body(100_000)),
        400,
    );
}

#[test]
fn a_body_over_a_mebibyte_is_a_413() {
    let world = World::start();
    let body = |length: usize| {
        let empty = r#"{"element":{"key":"intercom"},"surprise":""}"#;
        let filler = "x".repeat(length - empty.len());
        format!(r#"{{"element":{{"key":"intercom"}},"surprise":"{filler}"}}"#)
    };
    let mebibyte = 1024 * 1024;
    assert_eq!(
        world
            .send("POST", "/instances", Some(&platform()), &body(mebibyte))
            .status,
        200
    );
    refused(
        &world.send("POST", "/instances", Some(&platform()), &body(mebibyte + 1)),
        413,
    );
    refused(
        &world.send(
            "PATCH",
            "/instances/594927",
            Some(&platform()),
            &body(3 * mebibyte),
        ),
        413,
    );
}

/// A client that sends all of its body before it reads would find the connection closed, and no reason.
#[test]
fn a_client_that_sends_before_it_listens_hears_why_its_body_is_refused() {
    let world = World::start();
    let body = "x".repeat(8 * 1024 * 1024);
    refused(&world.send("POST", "/instances", Some(&platform()), &body), 413);
}

#[test]
fn a_url_over_16_kibibytes_is_a_414() {
    let world = World::start();
    let query = |length: usize| format!("/instances?x={}", "&y=1".repeat(length / 4));
    refused(&world.get(&query(17 * 1024)), 414);
    refused(&world.get(&format!("/instances?x={}", "y".repeat(5 * 1024))), 400);
}

#[test]
fn headers_over_32_kibibytes_are_a_431() {
    let world = World::start();
    let large = "x".repeat(33 * 1024);
    refused(
        &HttpClient::new().get(&world.api("/elements"), &[("X-Large", &large)]),
        431,
    );
    let huge = "x".repeat(300 * 1024);
    let answer = HttpClient::new().get(&world.api("/elements"), &[("X-Huge", &huge)]);
    assert_eq!(answer.status, 431);
}

#[test]
fn junk_in_a_path_is_a_400_or_a_404_never_ours() {
    let world = World::start();
    for (method, path, status) in [
        ("GET", "/instances/abc", 400),
        ("GET", "/instances/-1", 400),
        ("GET", "/instances/1.5", 400),
        ("GET", "/instances/%ff", 400),
        ("GET", "/instances/%00", 400),
        ("GET", "/instances/%zz", 400),
        ("GET", "/instances/1%2f2", 400),
        ("GET", "/instances/99999999999999999999999", 404),
        ("DELETE", "/instances/abc", 400),
        ("PATCH", "/instances/abc", 400),
        ("GET", "/elements/%ff", 400),
        ("GET", "/elements/%ff/oauth/url", 400),
        ("GET", "/elements/%0d%0a/instances", 400),
        ("GET", "/elements/%ff/instances/1", 400),
        ("POST", "/elements/%ff/instances", 400),
        ("GET", "/elements/..%2f..%2fetc/instances/594927", 404),
        ("GET", "/instances/594927/configuration/abc", 400),
        ("GET", "/instances/594927/configuration/99999999999", 404),
        ("GET", "/instances//configuration", 400),
        ("GET", "//instances", 404),
        ("GET", "/instances/", 404),
    ] {
        let body = if method == "PATCH" || method == "POST" {
            "{}"
        } else {
            ""
        };
        let answer = world.send(method, path, Some(&platform()), body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        refused(&answer, status);
    }
}

#[test]
fn queries_that_make_no_sense_are_a_400() {
    let world = World::start();
    for query in [
        "pageSize=0",
        "pageSize=-1",
        "pageSize=many",
        "page=0",
        "nextPage=%21%21",
        "searchText=%00",
        "%00=1",
    ] {
        refused(&world.get(&format!("/instances?{query}")), 400);
        refused(&world.get(&format!("/elements?{query}")), 400);
    }
}
