//! Calls through an instance: what goes out and what comes back.

use ferrule_testkit::{Answer, HttpClient};

use crate::registry::{ID, ORGANIZATION, TOKEN, USER};
use crate::vendor::{Vendor, answer, ok};
use crate::world::{World, by_token, platform, refused, request_id};

fn call(world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let authorization = by_token();
    let mut all = vec![("Authorization", authorization.as_str())];
    all.extend_from_slice(headers);
    HttpClient::new()
        .request(method, &world.api(path), &all, body)
        .unwrap()
}

#[test]
fn a_call_reaches_the_vendor_with_its_credential_and_comes_back() {
    let vendor = Vendor::saying("hello");
    let world = vendor.world();
    let authorization = format!("Element {TOKEN}, User {USER}, Organization {ORGANIZATION}");
    let own = [
        ("Authorization", authorization.as_str()),
        ("X-Own", "1"),
        ("Accept", "text/csv"),
    ];
    let answer = HttpClient::new().get(&world.api("/hubs/crm/anything?q=1"), &own);
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
    request_id(&answer);

    let seen = vendor.only();
    assert_eq!(seen.line, "GET /base/v2/anything?q=1 HTTP/1.1");
    assert_eq!(seen.header("authorization"), Some("Bearer vendor-token-1"));
    assert_eq!(seen.header("host"), Some(vendor.address.to_string().as_str()));
    assert_eq!(seen.header("x-own"), Some("1"));
    assert_eq!(
        seen.header("accept"),
        Some("application/json"),
        "the connector's headers win"
    );
    assert_eq!(seen.header("x-region"), Some("eu 1"));
    assert_eq!(seen.header("content-length"), None);
    assert_eq!(seen.header("transfer-encoding"), None);
}

#[test]
fn every_method_passes_with_its_body_and_the_callers_length() {
    let vendor = Vendor::saying("done");
    let world = vendor.world();
    for method in [
        "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "QUERY",
    ] {
        for body in [&b""[..], b"\0\r\n\xff raw"] {
            let length = body.len().to_string();
            let answer = call(
                &world,
                method,
                "/hubs/crm/x",
                &[("Content-Length", &length)],
                body,
            );
            assert_eq!((answer.status, answer.text().as_str()), (200, "done"), "{method}");
            let seen = vendor.seen().pop().unwrap();
            assert_eq!((seen.method(), seen.body.as_slice()), (method, body));
            assert_eq!(seen.header("content-length"), Some(length.as_str()), "{method}");
            assert_eq!(seen.header("transfer-encoding"), None, "{method}");
        }
    }
    let answer = call(&world, "HEAD", "/hubs/crm/x", &[], b"");
    assert_eq!((answer.status, answer.header("content-length")), (200, Some("4")));
}

#[test]
fn a_chunked_body_is_chunked_anew() {
    let vendor = Vendor::saying("");
    let world = vendor.world();
    let chunks = b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
    for (chunks, want) in [(&chunks[..], &b"abc0123456789"[..]), (b"0\r\n\r\n", b"")] {
        call(
            &world,
            "POST",
            "/hubs/crm/x",
            &[("Transfer-Encoding", "chunked")],
            chunks,
        );
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(seen.body, want);
        assert_eq!(seen.header("transfer-encoding"), Some("chunked"));
        assert_eq!(seen.header("content-length"), None);
    }
}

#[test]
fn the_vendors_status_body_and_headers_are_the_answer() {
    let vendor = Vendor::start(|seen| {
        let status = seen.target().rsplit('/').next().unwrap();
        let headers = "Retry-After: 7\r\nX-RateLimit-Remaining: 0\r\nETag: \"1\"\r\nLink: <a>; rel=next\r\n";
        match status {
            "204" | "304" => format!("HTTP/1.1 {status} Nothing\r\n{headers}\r\n"),
            _ => answer(&format!("{status} Any"), headers, "{\"vendor\":true}"),
        }
    });
    let world = vendor.world();
    for status in [
        200, 201, 204, 206, 301, 304, 400, 403, 404, 409, 418, 429, 500, 503, 599,
    ] {
        let answer = call(&world, "GET", &format!("/hubs/crm/{status}"), &[], b"");
        assert_eq!(answer.status, status);
        let body = if [204, 304].contains(&status) {
            ""
        } else {
            "{\"vendor\":true}"
        };
        assert_eq!(answer.text(), body, "{status}");
        for (name, value) in [
            ("retry-after", "7"),
            ("x-ratelimit-remaining", "0"),
            ("etag", "\"1\""),
            ("link", "<a>; rel=next"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{status}");
        }
        assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
        assert_eq!(answer.header("x-frame-options"), None);
        assert_eq!(answer.header("content-security-policy"), None);
    }
}

#[test]
fn connections_to_the_vendor_are_kept() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for _ in 0..20 {
        assert_eq!(call(&world, "GET", "/hubs/crm/x", &[], b"").status, 200);
    }
    assert!(vendor.connections() < 5, "{}", vendor.connections());
}

#[test]
fn a_connection_that_ended_while_unused_costs_no_call() {
    let vendor = Vendor::start(|_| ok("x").replace("\r\n\r\n", "\r\nX-No: 1\r\n\r\n"));
    let world = vendor.world();
    assert_eq!(call(&world, "GET", "/hubs/crm/x", &[], b"").status, 200);

    let closing = Vendor::with_connections(|stream| {
        let mut reader = std::io::BufReader::new(stream);
        crate::vendor::read(&mut reader)?;
        std::io::Write::write_all(reader.get_mut(), ok("y").as_bytes())?;
        // The next request is read, and never answered.
        crate::vendor::read(&mut reader)?;
        Ok(())
    });
    let world = closing.world();
    for _ in 0..6 {
        assert_eq!(call(&world, "GET", "/hubs/crm/x", &[], b"").status, 200);
    }
}

#[test]
fn the_contracts_ping_asks_the_vendor() {
    let vendor = Vendor::start(|seen| match seen.header("if-none-match") {
        None => ok("{}"),
        Some(_) => answer("304 Not Modified", "", ""),
    });
    let world = vendor.world();
    for path in ["/ping", "/hubs/crm/ping", "/hubs/other/ping?x=1"] {
        let answer = call(
            &world,
            "GET",
            path,
            &[("If-None-Match", "*"), ("Content-Length", "2")],
            b"{}",
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!(body["endpoint"], "acme");
        let date = body["dateTime"].as_str().unwrap();
        assert!(date.len() == 20 && date.ends_with('Z'), "{date}");
        assert_eq!(
            answer.header("elements-element-instance-id"),
            Some(ID.to_string().as_str())
        );
        let seen = vendor.seen().pop().unwrap();
        assert_eq!(
            (seen.line.as_str(), seen.body.len()),
            ("GET /base/v2/me HTTP/1.1", 0)
        );
    }
    let bare = HttpClient::new().get(&world.api("/ping"), &[("Authorization", &platform())]);
    refused(&bare, 401);
    refused(&HttpClient::new().get(&world.api("/ping"), &[]), 401);
}

#[test]
fn a_ping_that_fails_says_how() {
    for (status, want) in [("403 Forbidden", 403), ("503 Away", 503), ("302 Found", 502)] {
        let vendor = Vendor::start(move |_| answer(status, "", "x"));
        let answer = call(&vendor.world(), "GET", "/ping", &[], b"");
        assert!(refused(&answer, want).contains("The vendor answered the ping with"));
    }
}
