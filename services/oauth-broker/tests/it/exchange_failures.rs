//! Token requests that bring nothing: which of them never left, and which are never sent again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Duration;

use ferrule_testkit::Scripted;
use ferrule_wire::Reason::{ExchangeUnknown, VendorUnreachable};
use ferrule_wire::v1::find_outcome_response::Stage;
use serde_json::json;

use crate::on_both_stores;
use crate::requests::{bring, claim};
use crate::world::{World, reason};

on_both_stores! {
    a_vendor_that_is_not_reached_leaves_the_code_unspent,
    a_vendor_that_takes_no_more_requests_leaves_the_code_unspent,
    an_answer_that_says_nothing_is_unknown_and_the_code_is_not_sent_again,
}

/// A vendor that comes up late and answers one token request.
fn comes_up(port: u16) -> thread::JoinHandle<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).unwrap() > 2 {
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = r#"{"access_token": "late", "token_type": "Bearer"}"#;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all((head + answer).as_bytes()).unwrap();
        String::from_utf8(body).unwrap()
    })
}

async fn a_vendor_that_is_not_reached_leaves_the_code_unspent(world: World) {
    let state = world.attached("absent", "the-code").await;
    for _ in 0..2 {
        assert_eq!(
            reason(world.exchange(claim("absent", &state)).await),
            VendorUnreachable
        );
        assert_eq!(world.stage("absent", &state).await, Stage::Attached);
    }
    let vendor = comes_up(world.absent_port);
    assert_eq!(world.granted(claim("absent", &state)).await.access_token, "late");
    let body = vendor.join().unwrap();
    assert!(
        body.contains("code=the-code&") && body.contains("&code_verifier="),
        "{body}"
    );
}

async fn a_vendor_that_takes_no_more_requests_leaves_the_code_unspent(world: World) {
    let state = world.attached("acme", "hosted").await;
    for request in [claim("acme", &state), bring("acme", "alone", "")] {
        world
            .vendor
            .script(Scripted::json(429, &json!({"error": "slow_down"})));
        assert_eq!(reason(world.exchange(request.clone()).await), VendorUnreachable);
        world.granted(request).await;
    }
}

async fn an_answer_that_says_nothing_is_unknown_and_the_code_is_not_sent_again(mut world: World) {
    let page = "<html>Welcome</html>";
    let answers = [
        ("500", Scripted::json(500, &json!({"error": "server_error"}))),
        ("503", Scripted::new(503, "text/plain", "")),
        ("cut", Scripted::cut()),
        (
            "cut within",
            Scripted::json(200, &json!({"access_token": "half"})).cut_after(100),
        ),
        ("a page", Scripted::new(200, "text/html", page)),
        ("nothing", Scripted::new(200, "application/json", "")),
        (
            "elsewhere",
            Scripted::new(302, "text/plain", "").with_header("Location", "/token"),
        ),
        (
            "too much",
            Scripted::new(200, "application/json", vec![b' '; 1 << 21]),
        ),
    ];
    for (code, answer) in answers {
        world.vendor.script(answer);
        let state = world.attached("acme", code).await;
        assert_eq!(
            reason(world.exchange(claim("acme", &state)).await),
            ExchangeUnknown,
            "{code}"
        );
        world.restart().await;
        assert_eq!(
            reason(world.exchange(claim("acme", &state)).await),
            ExchangeUnknown,
            "{code}"
        );
        assert_eq!(world.vendor.token_requests_for(code), 1, "{code}");
    }
}

/// Takes as long as the broker gives a vendor: 20 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_takes_too_long_is_unknown_and_the_code_is_not_sent_again() {
    let world = World::embedded().await;
    let held = world.vendor.hold();
    let request = bring("acme", "the-code", "");
    let answer = tokio::time::timeout(Duration::from_secs(25), world.exchange(request.clone())).await;
    assert_eq!(reason(answer.unwrap()), ExchangeUnknown);
    drop(held);
    assert_eq!(reason(world.exchange(request).await), ExchangeUnknown);
    assert_eq!(world.token_requests(), 1);
}
