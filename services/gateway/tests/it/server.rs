//! Connections: slow clients, the end of the gateway.

use std::sync::Arc;
use std::time::Duration;

use ferrule_cores::Cores;
use ferrule_testkit::{HttpClient, wait_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::registry::Registry;
use crate::world::{World, gateway, platform, settings};

/// Time stands still but for what waits: fifteen seconds pass as soon as nothing else is to be done.
#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_headers_too_slowly_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = gateway(settings(), &Arc::<Broker>::default(), &Arc::<Registry>::default());
    tokio::spawn(async move {
        ferrule_gateway::run(gateway, listener, &Cores::here(), CancellationToken::new()).await;
    });
    for sent in ["", "P", "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: "] {
        let began = tokio::time::Instant::now();
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(!answer.contains("200 OK"), "{sent:?}: {answer}");
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{sent:?}: {:?}",
            began.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_its_body_too_slowly_gets_a_408() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = gateway(settings(), &Arc::<Broker>::default(), &Arc::<Registry>::default());
    tokio::spawn(async move {
        ferrule_gateway::run(gateway, listener, &Cores::here(), CancellationToken::new()).await;
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /elements/api-v2/instances HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\nContent-Length: 9\r\n\r\n{{",
        platform()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[test]
fn what_is_in_flight_is_finished_and_nothing_new_is_taken() {
    let mut world = World::start();
    world.registry.mood.hold();
    let (url, authorization) = (world.api("/instances/594927"), platform());
    let in_flight =
        std::thread::spawn(move || HttpClient::new().get(&url, &[("Authorization", &authorization)]));
    let limit = Duration::from_secs(10);
    wait_until("the call is in flight", limit, || {
        world.registry.mood.calls() == 1
    });

    world.shutdown.cancel();
    wait_until("nobody listens", limit, || {
        std::net::TcpStream::connect(world.address).is_err()
    });
    assert!(!in_flight.is_finished());
    world.registry.mood.release();
    assert_eq!(in_flight.join().unwrap().status, 200);
    world.wait();
}

#[tokio::test]
async fn a_client_between_two_calls_is_told_that_the_next_is_the_last() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = gateway(settings(), &Arc::<Broker>::default(), &Arc::<Registry>::default());
    let ends = CancellationToken::new();
    let until = ends.clone();
    let running = tokio::spawn(async move {
        ferrule_gateway::run(gateway, listener, &Cores::here(), until).await;
    });
    let request = b"GET /elements/api-v2/elements/keys HTTP/1.1\r\nHost: h\r\n\r\n";
    let (mut calls, mut waits) = (
        TcpStream::connect(address).await.unwrap(),
        TcpStream::connect(address).await.unwrap(),
    );
    calls.write_all(request).await.unwrap();
    assert_ne!(calls.read(&mut vec![0; 64 * 1024]).await.unwrap(), 0);
    ends.cancel();
    calls.write_all(request).await.unwrap();
    let mut answer = String::new();
    calls.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
    // Who says nothing more is not waited for.
    assert_eq!(waits.read(&mut [0; 1]).await.unwrap(), 0);
    running.await.unwrap();
}

#[test]
fn what_takes_longer_than_the_drain_time_is_left_behind() {
    let mut world = World::with(ferrule_gateway::Settings {
        drain: Duration::from_millis(20),
        ..settings()
    });
    world.registry.mood.hold();
    let (url, authorization) = (world.api("/instances/594927"), platform());
    let client = HttpClient::with_limit(Duration::from_secs(30));
    let in_flight =
        std::thread::spawn(move || client.request("GET", &url, &[("Authorization", &authorization)], b""));
    wait_until("the call is in flight", Duration::from_secs(10), || {
        world.registry.mood.calls() == 1
    });
    world.shutdown.cancel();
    world.wait();
    drop(world);
    assert!(in_flight.join().unwrap().is_err());
}
