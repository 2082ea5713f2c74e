//! Calls whose bodies pass through.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Empty;
use hyper::body::{Body, Frame};
use tokio::sync::mpsc;

use super::*;

/// A request's body that a test sends piece by piece.
struct Pieces(mpsc::Receiver<Result<Bytes, io::Error>>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0
            .poll_recv(context)
            .map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

fn pieces() -> (mpsc::Sender<Result<Bytes, io::Error>>, Pieces) {
    let (sender, receiver) = mpsc::channel(1);
    (sender, Pieces(receiver))
}

fn get(address: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("{address}/P?a")).body(Empty::new()).unwrap()
}

fn why<T: std::fmt::Debug>(outcome: Result<T, OutboundError>) -> Unanswered {
    match outcome {
        Err(OutboundError::Unanswered { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_head_comes_before_the_body_is_whole() {
    let begun = "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 5\r\n\r\nsh";
    let vendor = Vendor::start(Script::Stall(begun)).await;
    let request = Request::post(format!("{}/canary", vendor.http())).body(Full::from("code=canary"));
    let answer = outbound(true, SECOND)
        .stream(request.unwrap(), 20 * SECOND)
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()[LOCATION]),
        (302, &"/elsewhere".parse().unwrap())
    );
    let first = answer.into_body().frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "sh");
}

#[tokio::test]
async fn a_guarded_address_is_refused_before_anything_leaves() {
    let vendor = Vendor::start(Script::Silence).await;
    for address in [
        vendor.http(),
        vendor.https(),
        "https://169.254.169.254".to_owned(),
    ] {
        let outcome = outbound(false, SECOND).stream(get(&address), SECOND).await;
        assert!(matches!(outcome, Err(OutboundError::NotSent { .. })), "{address}");
    }
    assert_eq!(vendor.connections(), 0);
}

#[tokio::test]
async fn a_vendor_that_takes_nothing_and_says_nothing_is_out_of_time() {
    let vendor = Vendor::start(Script::Silence).await;
    let outcome = outbound(true, SECOND)
        .stream(get(&vendor.http()), SECOND / 10)
        .await;
    assert_eq!(why(outcome), Unanswered::Timeout);
}

#[tokio::test]
async fn a_body_that_moves_keeps_the_call_alive() {
    let vendor = Vendor::start(Script::Silence).await;
    let (sender, body) = pieces();
    let request = Request::post(format!("{}/", vendor.http())).body(body).unwrap();
    let client = outbound(true, SECOND);
    let call = tokio::spawn(async move { client.stream(request, SECOND).await });
    let began = tokio::time::Instant::now();
    while began.elapsed() < 2 * SECOND {
        sender.send(Ok(Bytes::from_static(b"x"))).await.unwrap();
        tokio::time::sleep(SECOND / 20).await;
    }
    assert!(!call.is_finished());
    drop(sender);
    assert_eq!(why(call.await.unwrap()), Unanswered::Timeout);
}

#[tokio::test]
async fn a_request_whose_own_body_fails_is_not_the_vendors_fault() {
    let vendor = Vendor::start(Script::Silence).await;
    let (sender, body) = pieces();
    sender
        .send(Err(io::Error::other("the caller is gone")))
        .await
        .unwrap();
    let request = Request::post(format!("{}/", vendor.http())).body(body).unwrap();
    let outcome = outbound(true, SECOND).stream(request, 20 * SECOND).await;
    assert_eq!(why(outcome), Unanswered::RequestBroken);
}

#[tokio::test]
async fn streams_share_connections() {
    let vendor = Vendor::start(Script::Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let client = outbound(true, SECOND);
    for _ in 0..3 {
        let request = Request::post(format!("{}/", vendor.http())).body(Full::from("code=canary"));
        let answer = client.stream(request.unwrap(), 20 * SECOND).await.unwrap();
        assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
    assert_eq!(vendor.connections(), 1);
}
