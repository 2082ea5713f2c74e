//! Calls through an instance that cannot be made: who may not, and vendors that are away.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ferrule_cores::Cores;
use ferrule_testkit::{HttpClient, wait_until};
use ferrule_wire::{Reason, Refusal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;
use crate::registry::{ID, OTHER_USER, TOKEN};
use crate::vendor::{Vendor, answer, connector, registry};
use crate::world::{World, by_token, gateway_with, platform, refused, settings};

fn get(world: &World, authorization: &str) -> ferrule_testkit::Answer {
    HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", authorization)])
}

#[test]
fn whoever_does_not_belong_together_is_a_401() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    for authorization in [
        platform(),
        format!("User {OTHER_USER}, Element {TOKEN}"),
        format!("{}, Element junk", platform()),
        format!("Element {TOKEN}"),
        "Bearer vendor-token-1".to_owned(),
    ] {
        refused(&get(&world, &authorization), 401);
    }
    refused(&HttpClient::new().get(&world.api("/hubs/crm/a"), &[]), 401);
    assert!(vendor.seen().is_empty());
}

#[test]
fn a_deleted_instance_is_a_401_and_a_disabled_one_a_403_at_once() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let path = format!("/instances/{ID}");
    let enabled = format!("{path}/enabled");
    assert_eq!(get(&world, &by_token()).status, 200);

    for path in [enabled.as_str(), "/instances/enabled"] {
        let authorization = if path == enabled { platform() } else { by_token() };
        let answer = world.send("DELETE", path, Some(&authorization), "");
        assert_eq!((answer.status, &answer.json()["disabled"]), (200, &true.into()));
        let answer = get(&world, &by_token());
        refused(&answer, 403);
        assert_eq!(answer.json()["reason"], "INSTANCE_DISABLED");

        let answer = world.send("PUT", path, Some(&authorization), "");
        assert_eq!((answer.status, &answer.json()["disabled"]), (200, &false.into()));
        assert_eq!(get(&world, &by_token()).status, 200);
    }

    assert_eq!(world.send("DELETE", &path, Some(&platform()), "").status, 200);
    refused(&get(&world, &by_token()), 401);
}

#[test]
fn a_change_is_seen_by_the_very_next_call() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    assert_eq!(get(&world, &by_token()).status, 200);
    world.registry.credential.lock().unwrap().access_token = "another".to_owned();
    let changed = world.send(
        "PATCH",
        &format!("/instances/{ID}"),
        Some(&platform()),
        r#"{"name":"n"}"#,
    );
    assert_eq!(changed.status, 200);
    get(&world, &by_token());
    assert_eq!(
        vendor.seen().pop().unwrap().header("authorization"),
        Some("Bearer another")
    );
}

#[test]
fn an_instance_whose_login_ended_is_a_401_that_says_what_to_do() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let words =
        "The vendor no longer honours this login. Log in again and PATCH the instance with the new code.";
    world.registry.mood.refuse(Reason::ReauthorizationRequired, words);
    let answer = get(&world, &by_token());
    assert_eq!(refused(&answer, 401), words);
    assert_eq!(answer.json()["reason"], "REAUTHORIZATION_REQUIRED");
}

#[test]
fn what_the_vendor_said_of_a_refresh_reaches_the_caller() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    let refusal =
        Refusal::new(Reason::ReauthorizationRequired, "Log in again.").with_provider_message("invalid_grant");
    world.registry.mood.fail(refusal.into());
    assert_eq!(
        get(&world, &by_token()).json()["providerMessage"],
        "invalid_grant"
    );
}

#[test]
fn refusals_are_not_kept() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    world.registry.disabled.store(true, Ordering::SeqCst);
    refused(&get(&world, &by_token()), 403);
    world.registry.disabled.store(false, Ordering::SeqCst);
    assert_eq!(get(&world, &by_token()).status, 200);
}

#[test]
fn a_configuration_that_does_not_fit_the_connector_is_a_400() {
    let vendor = Vendor::saying("x");
    let world = vendor.world();
    world.registry.credential.lock().unwrap().parameters.clear();
    assert!(refused(&get(&world, &by_token()), 400).contains("region"));
    "gone".clone_into(&mut world.registry.credential.lock().unwrap().element_key);
    assert!(refused(&get(&world, &by_token()), 404).contains("`gone`"));
}

#[test]
fn a_vendor_that_cannot_be_reached_is_a_502_and_after_five_of_them_nobody_tries() {
    let free = StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let world = World::build(settings(), registry(), Some(connector(&free.to_string())));
    for _ in 0..5 {
        let answer = get(&world, &by_token());
        let words = refused(&answer, 502);
        assert!(
            words.contains("did not leave") && words.contains("127.0.0.1"),
            "{words}"
        );
        assert_eq!(answer.header("elements-element-instance-id"), Some("594927"));
        assert_eq!(answer.header("retry-after"), None);
    }
    // The vendor is back, and the breaker does not know it yet.
    let listener = StdListener::bind(free).unwrap();
    let answer = get(&world, &by_token());
    refused(&answer, 502);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=6).contains(&seconds), "{seconds}");

    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            std::io::Write::write_all(&mut stream, answer_closing().as_bytes()).unwrap();
        }
    });
    wait_until("a probe finds the vendor", Duration::from_secs(20), || {
        get(&world, &by_token()).status == 200
    });
    assert_eq!(get(&world, &by_token()).status, 200);
}

fn answer_closing() -> String {
    answer("200 OK", "Connection: close\r\n", "x")
}

#[test]
fn no_status_opens_the_breaker() {
    let vendor = Vendor::start(|_| answer("503 Away", "", "x"));
    let world = vendor.world();
    for _ in 0..20 {
        assert_eq!(get(&world, &by_token()).text(), "x");
    }
    assert_eq!(vendor.seen().len(), 20);
}

#[test]
fn security_34_a_private_address_is_not_called_where_that_is_not_allowed() {
    let vendor = Vendor::saying("x");
    let world = vendor.world_with(ferrule_gateway::Settings {
        allow_private_networks: false,
        ..settings()
    });
    refused(&get(&world, &by_token()), 502);
    assert_eq!(vendor.connections(), 0);
}

#[test]
fn a_vendor_that_hangs_up_is_a_502_and_a_changing_call_is_not_repeated() {
    let vendor = Vendor::start(|_| "Connection: close".to_owned());
    let world = vendor.world();
    for (method, sent) in [("POST", 1), ("GET", 2)] {
        let before = vendor.seen().len();
        let answer = world.send(method, "/hubs/crm/a", Some(&by_token()), "");
        assert!(refused(&answer, 502).contains("may have acted"));
        assert_eq!(vendor.seen().len() - before, sent, "{method}");
    }
}

/// Time stands still but for what waits.
#[tokio::test(start_paused = true)]
async fn a_vendor_that_says_nothing_is_a_504_in_a_minute() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vendor = silent.local_addr().unwrap().to_string();
    let (answer, took) = call_in_still_time(&vendor, "GET", "", |_| ()).await;
    assert!(answer.starts_with("HTTP/1.1 504 "), "{answer}");
    assert!(answer.contains("\"message\":"), "{answer}");
    assert!((60..70).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_says_nothing_is_a_503_in_ten_seconds() {
    let (answer, took) = call_in_still_time("127.0.0.1:1", "GET", "", |registry| registry.mood.hold()).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nRetry-After: "), "{answer}");
    assert!((10..12).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_caller_whose_body_stands_still_gets_a_408_in_half_a_minute() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vendor = silent.local_addr().unwrap().to_string();
    let (answer, took) = call_in_still_time(&vendor, "POST", "Content-Length: 9\r\n", |_| ()).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!((30..35).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_vendor_whose_body_stands_still_is_broken_off_in_five_minutes() {
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vendor = slow.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut stream, _) = slow.accept().await.unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome";
        stream.write_all(head).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.unwrap();
        std::future::pending::<()>().await;
    });
    let (answer, took) = call_in_still_time(&vendor, "GET", "", |_| ()).await;
    assert!(answer.ends_with("\r\n\r\nsome"), "{answer}");
    assert!((300..310).contains(&took.as_secs()), "{took:?}");
}

async fn call_in_still_time(
    vendor: &str,
    method: &str,
    headers: &str,
    prepare: impl FnOnce(&crate::registry::Registry),
) -> (String, Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let registry = registry();
    prepare(&registry);
    let gateway = gateway_with(
        settings(),
        &Arc::<Broker>::default(),
        &registry,
        Some(connector(vendor)),
    );
    tokio::spawn(async move {
        ferrule_gateway::run(gateway, listener, &Cores::here(), CancellationToken::new()).await;
    });
    let began = tokio::time::Instant::now();
    let mut client = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "{method} /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n{headers}Connection: close\r\n\r\n",
        by_token()
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer).await;
    (answer, began.elapsed())
}
