//! Calls through a gateway that is a process of its own: what they cost in memory, and what its log holds.

use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;

use ferrule_testkit::{HttpClient, Process};
use tempfile::TempDir;

use crate::process::{Peers, Ports, ports, spawn};
use crate::registry::{TOKEN, USER};
use crate::vendor::{Vendor, answer, read_head, registry};
use crate::world::by_token;

const MIB: usize = 1024 * 1024;

struct Running {
    gateway: Process,
    ports: Ports,
    _peers: Peers,
    _connectors: TempDir,
}

fn start(vendor: &Vendor, token: &str, more: &[(&str, &str)]) -> Running {
    let registry = registry();
    token.clone_into(&mut registry.credential.lock().unwrap().access_token);
    let (peers, ports) = (Peers::with(registry), ports());
    let connectors = tempfile::tempdir().unwrap();
    std::fs::write(connectors.path().join("acme.toml"), vendor.connector().text).unwrap();
    let mut environment = vec![
        ("FERRULE_CONNECTORS_DIR", connectors.path().to_str().unwrap()),
        ("FERRULE_ALLOW_PRIVATE_NETWORKS", "true"),
    ];
    environment.extend(more);
    let mut gateway = spawn(&peers, &ports, &environment);
    gateway.wait_until_ready(&format!("http://{}/readyz", ports.admin));
    Running {
        gateway,
        ports,
        _peers: peers,
        _connectors: connectors,
    }
}

impl Running {
    fn url(&self, path: &str) -> String {
        format!("http://{}/elements/api-v2{path}", self.ports.listen)
    }

    /// The most memory that it ever had resident, in bytes.
    fn peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.gateway.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

#[test]
fn a_hundred_mebibytes_each_way_pass_within_twenty_of_memory() {
    const SIZE: usize = 100 * MIB;
    let vendor = Vendor::with_connections(|stream| {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read_head(&mut reader)? {
            let mut left: usize = request
                .header("content-length")
                .map_or(0, |length| length.parse().unwrap());
            let mut piece = vec![0; 64 * 1024];
            while left > 0 {
                let most = left.min(piece.len());
                let read = reader.read(&mut piece[..most])?;
                assert!(read > 0 && piece[..read].iter().all(|byte| *byte == b'u'));
                left -= read;
            }
            let chunked = request.target().ends_with("/chunked");
            let framing = if chunked {
                "Transfer-Encoding: chunked".to_owned()
            } else {
                format!("Content-Length: {SIZE}")
            };
            let stream = reader.get_mut();
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes())?;
            for _ in 0..SIZE / MIB {
                let piece = vec![b'd'; MIB];
                if chunked {
                    stream.write_all(b"100000\r\n")?;
                }
                stream.write_all(&piece)?;
                if chunked {
                    stream.write_all(b"\r\n")?;
                }
            }
            if chunked {
                stream.write_all(b"0\r\n\r\n")?;
            }
        }
        Ok(())
    });
    let running = start(&vendor, "token", &[]);
    let warm = HttpClient::new().get(&running.url("/hubs/crm/small/ping"), &[("Authorization", "x")]);
    assert_eq!(warm.status, 401);
    let before = running.peak();
    for path in ["plain", "chunked"] {
        let mut client = TcpStream::connect(&running.ports.listen).unwrap();
        let head = format!(
            "POST /elements/api-v2/hubs/crm/{path} HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n\
             Content-Length: {SIZE}\r\nConnection: close\r\n\r\n",
            by_token()
        );
        client.write_all(head.as_bytes()).unwrap();
        for _ in 0..SIZE / MIB {
            client.write_all(&vec![b'u'; MIB]).unwrap();
        }
        let (mut received, mut piece) = (0, vec![0; 64 * 1024]);
        loop {
            let read = client.read(&mut piece).unwrap();
            if read == 0 {
                break;
            }
            received += read;
        }
        // A head, and what frames chunks, however small they come, beside the body.
        assert!((SIZE..SIZE + MIB).contains(&received), "{path}: {received}");
    }
    let grown = running.peak() - before;
    assert!(grown < 20 * MIB, "{} MiB", grown / MIB);
}

#[test]
fn a_gateway_killed_in_the_middle_leaves_no_answer_that_looks_whole() {
    let vendor = Vendor::with_connections(|stream| {
        let mut reader = BufReader::new(stream);
        read_head(&mut reader)?;
        let stream = reader.get_mut();
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            stream.write_all(b"4\r\nsome\r\n")?;
        }
    });
    let mut running = start(&vendor, "token", &[]);
    let mut client = TcpStream::connect(&running.ports.listen).unwrap();
    let head = format!(
        "GET /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n\r\n",
        by_token()
    );
    client.write_all(head.as_bytes()).unwrap();
    let mut begun = vec![0; MIB];
    client.read_exact(&mut begun).unwrap();
    running.gateway.kill();
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert!(begun.starts_with(b"HTTP/1.1 200 ") && !rest.ends_with(b"0\r\n\r\n"));
}

#[test]
fn security_44_no_log_line_at_trace_level_holds_what_a_call_carries() {
    let vendor = Vendor::start(|seen| {
        let status = seen.target().split('/').nth(3).unwrap_or_default();
        let status = if status.len() == 3 { status } else { "200" };
        match status {
            "999" => "c4n4ry-junk\r\n\r\n".to_owned(),
            _ => answer(
                &format!("{status} c4n4ry"),
                "X-Vendor: c4n4ry\r\nSet-Cookie: c4n4ry=1\r\n",
                "c4n4ry",
            ),
        }
    });
    let log = [("FERRULE_LOG", "trace"), ("FERRULE_LOG_FORMAT", "json")];
    let mut running = start(&vendor, "c4n4ry-token", &log);
    let authorization = by_token();
    let mut ids = Vec::new();
    for path in [
        "/hubs/c4n4ry/c4n4ry?c4n4ry=c4n4ry",
        "/hubs/crm/401/c4n4ry",
        "/hubs/crm/302/c4n4ry",
        "/hubs/crm/500/c4n4ry?c4n4ry",
        "/hubs/crm/999/c4n4ry?c4n4ry",
        "/hubs/crm/../c4n4ry",
        "/contacts/c4n4ry?c4n4ry",
        "/c4n4ry",
        "/ping",
    ] {
        for method in ["GET", "POST"] {
            let headers = [
                ("Authorization", authorization.as_str()),
                ("X-Own", "c4n4ry"),
                ("Cookie", "c4n4ry=1"),
            ];
            let answer = HttpClient::new().request(method, &running.url(path), &headers, b"{\"c4n4ry\":1}");
            ids.push(answer.unwrap().header("elements-request-id").unwrap().to_owned());
        }
    }
    running.gateway.wait_for_line(ids.last().unwrap());
    running.gateway.terminate();
    running.gateway.wait();
    let log = running.gateway.stderr();
    for id in ids {
        assert!(log.contains(&id), "{id}");
    }
    for secret in ["c4n4ry", USER, TOKEN] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
