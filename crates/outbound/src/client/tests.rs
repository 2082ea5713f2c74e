mod streams;
mod vendor;

use http::Method;
use http::header::{AUTHORIZATION, LOCATION, SET_COOKIE};
use tokio::net::TcpListener;

use super::*;
use vendor::{Script, Vendor};

const SECOND: Duration = Duration::from_secs(1);
const PATIENT: Limits = Limits {
    timeout: Duration::from_secs(20),
    max_body_bytes: 1024,
};
/// Long enough for a busy machine to get the request out.
const HASTY: Limits = Limits {
    timeout: SECOND,
    ..PATIENT
};

fn outbound(allow_private_networks: bool, connect_timeout: Duration) -> Outbound {
    let user_agent = HeaderValue::from_static("Ferrule/test");
    Outbound::new(Settings {
        allow_private_networks,
        roots: Roots::mozilla(),
        connect_timeout,
        user_agent,
    })
}

/// A token request that carries a canary wherever a secret may stand.
fn request(address: &str) -> Request<Vec<u8>> {
    Request::builder()
        .method(Method::POST)
        .uri(format!("{address}/canary?canary"))
        .header(AUTHORIZATION, "Basic canary")
        .body(b"code=canary".to_vec())
        .unwrap()
}

async fn send(address: &str, limits: Limits) -> Result<Response<Bytes>, OutboundError> {
    outbound(true, 20 * SECOND).send(request(address), limits).await
}

async fn unanswered(script: Script, limits: Limits) -> Unanswered {
    let vendor = Vendor::start(script).await;
    let error = send(&vendor.http(), limits).await.unwrap_err();
    assert_eq!(vendor.requests().len(), 1, "the request left");
    assert!(!error.to_string().contains("canary"), "{error}");
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    match error {
        OutboundError::Unanswered { why, .. } => why,
        OutboundError::NotSent { why, .. } => panic!("not sent: {why}"),
    }
}

fn not_sent(outcome: Result<Response<Bytes>, OutboundError>) -> NotSent {
    match outcome {
        Err(OutboundError::NotSent { why, .. }) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_answer_comes_back_whole() {
    let vendor = Vendor::start(Script::Answer(
        "HTTP/1.1 418 Teapot\r\nX-A: b\r\nContent-Length: 5\r\n\r\nshort",
    ))
    .await;
    let response = send(&vendor.http(), PATIENT).await.unwrap();
    assert_eq!(response.status(), 418);
    assert_eq!(response.headers()["x-a"], "b");
    assert_eq!(response.body(), "short");

    let request = vendor.requests().remove(0);
    assert!(
        request.starts_with("POST /canary?canary HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("user-agent: Ferrule/test\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\ncode=canary"), "{request}");
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_no_cookie_is_kept() {
    let vendor = Vendor::start(Script::Answer(
        "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    let outbound = outbound(true, SECOND);
    for _ in 0..3 {
        let response = outbound
            .clone()
            .send(request(&vendor.http()), PATIENT)
            .await
            .unwrap();
        assert_eq!(response.headers()[SET_COOKIE], "a=b");
    }
    assert_eq!(vendor.connections(), 1);
    assert_eq!(vendor.requests().len(), 3);
    assert!(
        vendor
            .requests()
            .iter()
            .all(|request| !request.contains("cookie"))
    );
}

#[tokio::test]
async fn a_redirect_is_handed_over_and_not_followed() {
    let vendor = Vendor::start(Script::Answer(
        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    ))
    .await;
    let response = send(&vendor.http(), PATIENT).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()[LOCATION]),
        (302, &HeaderValue::from_static("/elsewhere"))
    );
    assert_eq!(vendor.requests().len(), 1);
}

#[tokio::test]
async fn a_silent_vendor_may_have_acted() {
    assert_eq!(unanswered(Script::Silence, HASTY).await, Unanswered::Timeout);
}

#[tokio::test]
async fn a_vendor_that_hangs_up_may_have_acted() {
    assert_eq!(
        unanswered(Script::HangUp(""), PATIENT).await,
        Unanswered::ConnectionLost
    );
    assert_eq!(
        unanswered(Script::HangUp("HTTP/1.1 200 O"), PATIENT).await,
        Unanswered::ConnectionLost
    );
    assert_eq!(
        unanswered(Script::HangUp("SSH-2.0-x\r\n"), PATIENT).await,
        Unanswered::ConnectionLost
    );
}

#[tokio::test]
async fn a_body_that_stalls_ends_with_the_exchange() {
    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsh";
    assert_eq!(unanswered(Script::Stall(begun), HASTY).await, Unanswered::Timeout);
}

#[tokio::test]
async fn a_body_that_ends_early_is_no_answer() {
    let begun = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsh";
    assert_eq!(
        unanswered(Script::HangUp(begun), PATIENT).await,
        Unanswered::BodyBroken
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nsh\r\n";
    assert_eq!(
        unanswered(Script::HangUp(chunked), PATIENT).await,
        Unanswered::BodyBroken
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let limits = Limits {
        max_body_bytes: 4,
        ..PATIENT
    };
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nsho\r\n2\r\nrt\r\n0\r\n\r\n",
    ] {
        assert_eq!(
            unanswered(Script::Answer(answer), limits).await,
            Unanswered::BodyTooLarge
        );
    }
    let vendor = Vendor::start(Script::Answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour")).await;
    assert_eq!(send(&vendor.http(), limits).await.unwrap().body(), "four");
}

#[tokio::test]
async fn a_refused_connection_means_nothing_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(
        not_sent(send(&format!("http://{address}"), PATIENT).await),
        NotSent::Connect
    );
}

#[tokio::test]
async fn failed_tls_means_nothing_left() {
    let vendor = Vendor::start(Script::HangUp("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    assert_eq!(not_sent(send(&vendor.https(), PATIENT).await), NotSent::Tls);
    assert!(!vendor.received().contains("canary"));
}

#[tokio::test]
async fn a_connection_that_takes_too_long_means_nothing_left() {
    let vendor = Vendor::start(Script::Silence).await;
    let impatient = outbound(true, Duration::from_millis(50));
    assert_eq!(
        not_sent(impatient.send(request(&vendor.https()), PATIENT).await),
        NotSent::Timeout
    );
    assert_eq!(not_sent(send(&vendor.https(), HASTY).await), NotSent::Timeout);
    assert!(!vendor.received().contains("canary"));
}

#[tokio::test]
async fn a_private_address_is_not_connected_to() {
    let vendor = Vendor::start(Script::Silence).await;
    let reach = async |host: &str| {
        let address = format!("https://{host}:{}", vendor.address.port());
        not_sent(outbound(false, SECOND).send(request(&address), PATIENT).await)
    };
    for host in ["127.0.0.1", "[::1]", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        assert_eq!(reach(host).await, NotSent::RefusedAddress, "{host}");
    }
    // Whether these are names at all is for the system to say.
    for host in ["2130706433", "127.1", "0x7f.1", "0177.0.0.1", "localhost."] {
        reach(host).await;
    }
    assert_eq!(vendor.connections(), 0);
}

#[tokio::test]
async fn plain_http_leaves_for_loopback_alone() {
    let vendor = Vendor::start(Script::Silence).await;
    let outcome = outbound(false, SECOND)
        .send(request(&vendor.http()), PATIENT)
        .await;
    assert_eq!(not_sent(outcome), NotSent::Insecure);
    assert_eq!(vendor.connections(), 0);
    assert_eq!(
        not_sent(send("http://vendor.example", PATIENT).await),
        NotSent::Insecure
    );
}

#[tokio::test]
async fn a_name_that_is_this_machine_is_reached_where_that_is_allowed() {
    let vendor = Vendor::start(Script::Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let address = format!("http://localhost:{}", vendor.address.port());
    assert_eq!(send(&address, PATIENT).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_span_names_host_and_status_and_no_secret() {
    let log = vendor::Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let vendor = Vendor::start(Script::Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).await;
    let _guard = tracing::subscriber::set_default(subscriber);
    send(&vendor.http(), PATIENT).await.unwrap();
    send("https://169.254.169.254", PATIENT).await.unwrap_err();

    let log = log.text();
    let port = vendor.address.port();
    for part in [
        format!("http.request.method=POST server.address=\"127.0.0.1\" server.port={port}"),
        "http.response.status_code=200".to_owned(),
        "error.type=RefusedAddress".to_owned(),
    ] {
        assert!(log.contains(&part), "{part} in {log}");
    }
    assert!(!log.contains("canary"), "{log}");
}
