//! The vendor on a socket of its own.

use ferrule_model::{Chance, Clock};
use ferrule_sandbox_vendor::{Settings, router, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

#[tokio::test]
async fn it_serves_until_told_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = Settings::new(format!("http://{address}"), [7; 32].into());
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { stopped.await.unwrap() };
    let vendor = tokio::spawn(serve(
        listener,
        router(settings, Clock::system(), Chance::system()),
        shutdown,
    ));

    let mut connection = TcpStream::connect(address).await.unwrap();
    let request =
        "GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(&format!("http://{address}/token")), "{answer}");

    stop.send(()).unwrap();
    vendor.await.unwrap().unwrap();
}

#[test]
fn settings_do_not_show_their_key() {
    let shown = format!("{:?}", Settings::new("http://127.0.0.1:1", [173; 32].into()));
    assert!(
        shown.contains("http://127.0.0.1:1") && !shown.contains("173"),
        "{shown}"
    );
}
