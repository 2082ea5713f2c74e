//! `healthcheck`: asks this program's own `/readyz`, for orchestrators whose images have no shell and no curl.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::one_line::{cut, one_line};

/// More than `/readyz` gives its checks.
const LIMIT: Duration = Duration::from_secs(5);
/// As much of an answer as is read.
const MOST: u64 = 16 * 1024;
/// As much of a refusal as is told.
const TOLD: usize = 500;

/// Asks the process whose admin address this is; what it says when it is ready.
///
/// # Errors
/// It does not answer, or is not ready; the words say why.
pub(crate) fn ask(admin_listen: SocketAddr) -> anyhow::Result<String> {
    let address = SocketAddr::new(reachable(admin_listen.ip()), admin_listen.port());
    let answer = exchange(address).with_context(|| format!("{address} does not answer"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        return Ok(body.to_owned());
    }
    bail!("not ready: {}", one_line(cut(body.trim(), TOLD)))
}

/// A process that listens everywhere is asked on loopback.
fn reachable(listens: IpAddr) -> IpAddr {
    match listens {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

fn exchange(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::health::{Build, Readiness, admin_router, serve_admin};

    async fn asked(readiness: Readiness) -> anyhow::Result<String> {
        let build = Build {
            service: "gateway",
            version: "1.2.3",
            started: UNIX_EPOCH,
        };
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = admin_router(readiness, build);
        tokio::spawn(serve_admin(listener, router, CancellationToken::new()));
        tokio::task::spawn_blocking(move || ask(address)).await.unwrap()
    }

    #[tokio::test]
    async fn a_ready_process_is_healthy() {
        assert_eq!(asked(Readiness::new()).await.unwrap(), r#"{"ready":true}"#);
    }

    #[tokio::test]
    async fn a_process_that_is_not_ready_is_not_healthy_and_says_why() {
        let error = asked(Readiness::new().check("database", async || Err("away".to_owned()))).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            r#"not ready: {"ready":false,"failing":[{"check":"database","why":"away"}]}"#
        );
    }

    #[test]
    fn nobody_there_is_not_healthy() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let error = ask(address).unwrap_err().to_string();
        assert_eq!(error, format!("{address} does not answer"));
    }
}
