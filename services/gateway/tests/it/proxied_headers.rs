//! Which headers of calls through an instance pass, and what may not be smuggled.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use ferrule_testkit::HttpClient;

use crate::registry::{ORGANIZATION, TOKEN, USER};
use crate::vendor::{Vendor, answer};
use crate::world::{World, by_token, refused};

fn on_the_wire(world: &World, request: &str) -> String {
    let mut stream = TcpStream::connect(world.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A refusal may end the connection before everything was read.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn security_37_what_a_caller_may_not_say_does_not_reach_the_vendor() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let authorization = format!("User {USER}, Organization {ORGANIZATION}, Element {TOKEN}");
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Cookie", "ferrule-binding=c4n4ry"),
        ("Host", "evil.example"),
        ("Connection", "close, X-Listed"),
        ("X-Listed", "c4n4ry"),
        ("Keep-Alive", "c4n4ry"),
        ("Proxy-Authorization", "Basic c4n4ry"),
        ("Proxy-Connection", "c4n4ry"),
        ("TE", "trailers"),
        ("Trailer", "c4n4ry"),
        ("X-Forwarded-For", "c4n4ry"),
        ("X-Forwarded-Host", "c4n4ry"),
        ("X-Forwarded-Anything", "c4n4ry"),
        ("Forwarded", "for=c4n4ry"),
        ("Elements-Version", "c4n4ry"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "c4n4ry=1"),
        ("X-Region", "c4n4ry"),
        ("Idempotency-Key", "k"),
        ("If-Match", "\"1\""),
        ("User-Agent", "own/1"),
        ("Accept-Encoding", "br"),
    ];
    assert_eq!(
        HttpClient::new().get(&world.api("/hubs/crm/a"), &headers).status,
        200
    );
    let seen = vendor.only();
    let all = format!("{seen:?}");
    for secret in [
        "c4n4ry",
        "evil",
        USER,
        ORGANIZATION,
        TOKEN,
        "traceparent",
        "trailers",
        "close",
    ] {
        assert!(!all.contains(secret), "{secret}: {all}");
    }
    for (name, value) in [
        ("idempotency-key", "k"),
        ("if-match", "\"1\""),
        ("user-agent", "own/1"),
        ("accept-encoding", "br"),
        ("x-region", "eu 1"),
    ] {
        assert_eq!(seen.header(name), Some(value));
    }
}

#[test]
fn security_37_a_caller_cannot_strip_the_credential_by_naming_it() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let authorization = by_token();
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Connection", "Authorization, Content-Length, X-Region, close"),
    ];
    HttpClient::new().post(&world.api("/hubs/crm/a"), &headers, "body");
    let seen = vendor.only();
    assert_eq!(seen.header("authorization"), Some("Bearer vendor-token-1"));
    assert_eq!(seen.header("x-region"), Some("eu 1"));
    assert_eq!(seen.body, b"body");
}

/// One request goes in, at most one comes out, and nothing of a second.
#[test]
fn security_37_two_lengths_or_odd_codings_smuggle_no_request() {
    let hidden = "GET /base/v2/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    for framing in [
        "Content-Length: 4\r\nContent-Length: 60\r\n".to_owned(),
        "Content-Length: 4, 60\r\n".to_owned(),
        "Content-Length: +4\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: 0x4\r\n".to_owned(),
        "Content-Length: 4 \r\nTransfer-Encoding: xchunked\r\n".to_owned(),
        "Transfer-Encoding: chunked, identity\r\n".to_owned(),
        "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(),
        "Transfer-Encoding : chunked\r\n".to_owned(),
        "Transfer-Encoding:\u{b}chunked\r\n".to_owned(),
        "X: y\rTransfer-Encoding: chunked\r\n".to_owned(),
        " Transfer-Encoding: chunked\r\n".to_owned(),
        "X\0: y\r\n".to_owned(),
        "X: a\0b\r\nContent-Length: 1\r\n".to_owned(),
        format!(
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\nX-Length: {}\r\n",
            hidden.len()
        ),
    ] {
        let vendor = Vendor::saying("x");
        let world = vendor.world();
        let body = format!("0\r\n\r\n{hidden}");
        let request = format!(
            "POST /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nConnection: close\r\n{framing}\r\n{body}",
            by_token()
        );
        let answer = on_the_wire(&world, &request);
        assert!(answer.matches("HTTP/1.1 ").count() <= 1, "{framing:?}: {answer}");
        let seen = vendor.seen();
        assert!(seen.len() <= 1, "{framing:?}: {seen:?}");
        for seen in seen {
            assert_eq!(seen.line, "POST /base/v2/a HTTP/1.1", "{framing:?}");
            let framings = ["content-length", "transfer-encoding"].map(|name| seen.header(name).is_some());
            assert_ne!(framings, [true, true], "{framing:?}");
            assert!(
                !String::from_utf8_lossy(&seen.body).contains("smuggled"),
                "{framing:?}"
            );
        }
    }
}

#[test]
fn security_37_what_changes_the_protocol_or_echoes_the_credential_is_a_501() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for (method, headers) in [
        ("GET", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        ("GET", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        ("TRACE", ""),
        ("POST", "Transfer-Encoding: gzip, chunked\r\n"),
    ] {
        let request = format!(
            "{method} /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n{headers}Connection: close\r\n\r\n",
            by_token()
        );
        let answer = on_the_wire(&world, &request);
        assert!(
            answer.starts_with("HTTP/1.1 501 "),
            "{method} {headers}: {answer}"
        );
    }
    assert!(vendor.seen().is_empty());
}

#[test]
fn security_35_a_redirect_is_the_callers_and_takes_no_token_along() {
    let elsewhere = Vendor::saying("stolen");
    let location = format!("http://{}/x", elsewhere.address);
    let vendor = Vendor::start(move |seen| {
        let status = seen.target().rsplit('/').next().unwrap();
        answer(
            &format!("{status} Elsewhere"),
            &format!("Location: {location}\r\n"),
            "",
        )
    });
    let world = vendor.world();
    for status in [301, 302, 303, 307, 308] {
        let url = world.api(&format!("/hubs/crm/{status}"));
        let answer = HttpClient::new().get(&url, &[("Authorization", &by_token())]);
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("location"),
            Some(format!("http://{}/x", elsewhere.address).as_str())
        );
        assert!(!format!("{answer:?}").contains("vendor-token"));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn what_a_vendor_says_of_its_own_host_does_not_reach_the_caller() {
    let vendor = Vendor::start(|_| {
        let headers = "Set-Cookie: a=b\r\nStrict-Transport-Security: max-age=9\r\nAccess-Control-Allow-Origin: https://evil.example\r\n\
                       Access-Control-Allow-Credentials: true\r\nElements-Request-Id: forged\r\nElements-Element-Instance-Id: 1\r\n\
                       X-Frame-Options: DENY\r\nClear-Site-Data: \"*\"\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=1\r\n";
        answer("200 OK", headers, "x")
    });
    let world = vendor.world();
    let authorization = by_token();
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Origin", "https://app.example"),
    ];
    let answer = HttpClient::new().get(&world.api("/hubs/crm/a"), &headers);
    for name in [
        "set-cookie",
        "strict-transport-security",
        "access-control-allow-credentials",
        "x-frame-options",
        "clear-site-data",
        "x-hop",
        "keep-alive",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
    crate::world::request_id(&answer);
}

#[test]
fn a_preflight_is_answered_here() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let asked = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "PATCH"),
    ];
    let answer = HttpClient::new()
        .request("OPTIONS", &world.api("/hubs/crm/a"), &asked, b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    assert!(vendor.seen().is_empty());
}

#[test]
fn a_client_that_waits_for_100_continue_gets_it_and_the_vendor_is_not_asked() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let mut stream = TcpStream::connect(world.address).unwrap();
    let head = format!(
        "POST /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nExpect: 100-continue\r\n\
         Content-Length: 4\r\nConnection: close\r\n\r\n",
        by_token()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim[..], b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(
        (vendor.only().body.as_slice(), vendor.only().header("expect")),
        (&b"body"[..], None)
    );
}

#[test]
fn a_head_that_is_too_long_is_refused_as_everywhere() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let url = world.api(&format!("/hubs/crm/{}", "x".repeat(17 * 1024)));
    refused(
        &HttpClient::new().get(&url, &[("Authorization", &by_token())]),
        414,
    );
    let long = "x".repeat(40 * 1024);
    let authorization = by_token();
    let headers = [
        ("Authorization", authorization.as_str()),
        ("X-Long", long.as_str()),
    ];
    refused(&HttpClient::new().get(&world.api("/hubs/crm/a"), &headers), 431);
}
