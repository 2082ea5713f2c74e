//! Bodies pass as they come, both ways.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use ferrule_testkit::{HttpClient, wait_until};

use crate::vendor::{Vendor, ok, read, read_head};
use crate::world::{World, by_token, refused};

const LIMIT: Duration = Duration::from_secs(10);

fn begin(world: &World, method: &str, headers: &str) -> TcpStream {
    let mut client = TcpStream::connect(world.address).unwrap();
    client.set_read_timeout(Some(LIMIT)).unwrap();
    let head = format!(
        "{method} /elements/api-v2/hubs/crm/a HTTP/1.1\r\nHost: h\r\nAuthorization: {}\r\n{headers}\r\n",
        by_token()
    );
    client.write_all(head.as_bytes()).unwrap();
    client
}

fn expect(client: &mut TcpStream, text: &str) {
    let mut all = String::new();
    let mut byte = [0];
    while !all.contains(text) {
        let read = client.read(&mut byte).unwrap();
        assert_eq!(read, 1, "ended before {text:?}: {all:?}");
        all.push(char::from(byte[0]));
    }
}

#[test]
fn a_piece_passes_before_the_next_is_there() {
    let vendor = Vendor::with_connections(|stream| {
        let mut reader = BufReader::new(stream);
        read_head(&mut reader)?;
        let stream = reader.get_mut();
        stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        // Echoes each chunk as a chunk of its own, as soon as it is there.
        let mut chunk = [0; 12];
        for _ in 0..3 {
            reader.read_exact(&mut chunk[..8])?;
            reader.get_mut().write_all(&chunk[..8])?;
        }
        reader.get_mut().write_all(b"0\r\n\r\n")
    });
    let world = vendor.world();
    let mut client = begin(
        &world,
        "POST",
        "Transfer-Encoding: chunked\r\nConnection: close\r\n",
    );
    expect(&mut client, "HTTP/1.1 200 ");
    for piece in ["one", "two", "six"] {
        client.write_all(format!("3\r\n{piece}\r\n").as_bytes()).unwrap();
        expect(&mut client, piece);
    }
    expect(&mut client, "0\r\n\r\n");
}

#[test]
fn a_vendor_that_breaks_off_is_never_a_whole_answer() {
    for head in ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"] {
        let vendor = Vendor::with_connections(move |stream| {
            let mut reader = BufReader::new(stream);
            read(&mut reader)?;
            let begun = format!("HTTP/1.1 200 OK\r\n{head}\r\n5\r\nhello");
            reader.get_mut().write_all(begun.as_bytes())
        });
        let world = vendor.world();
        let mut client = begin(&world, "GET", "");
        let mut all = Vec::new();
        let _ = client.read_to_end(&mut all);
        let all = String::from_utf8_lossy(&all).into_owned();
        // It may have broken off before the head was on its way.
        let (head, body) = all.split_once("\r\n\r\n").unwrap_or_default();
        let whole = if head.contains("Content-Length: 10") {
            body.len() >= 10
        } else {
            body.ends_with("0\r\n\r\n")
        };
        assert!(!whole, "{all:?}");
    }
}

#[test]
fn a_caller_who_leaves_takes_the_vendors_call_along() {
    let (gone, left) = mpsc::channel();
    let vendor = Vendor::with_connections(move |stream| {
        let mut reader = BufReader::new(stream);
        let request = read_head(&mut reader)?.unwrap_or_default();
        let stream = reader.get_mut();
        match request.method() {
            // In the middle of the answer, before it, and in the middle of the request.
            "GET" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")?;
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            }
            _ => while reader.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {},
        }
        gone.send(request.method().to_owned()).unwrap();
        Ok(())
    });
    let world = vendor.world();
    for (method, headers, awaited) in [
        ("GET", "", "HTTP/1.1 200 "),
        ("DELETE", "", ""),
        ("POST", "Content-Length: 100000\r\n", ""),
    ] {
        let before = vendor.connections();
        let mut client = begin(&world, method, headers);
        client
            .write_all(if method == "POST" { b"some" } else { b"" })
            .unwrap();
        expect(&mut client, awaited);
        wait_until("the call is under way", LIMIT, || vendor.connections() > before);
        client.shutdown(Shutdown::Both).unwrap();
        drop(client);
        assert_eq!(left.recv_timeout(LIMIT).unwrap(), method);
    }
}

#[test]
fn a_body_that_breaks_off_or_lies_does_not_reach_the_vendor_as_a_whole() {
    let (ended, seen) = mpsc::channel();
    let vendor = Vendor::with_connections(move |stream| {
        let mut reader = BufReader::new(stream);
        ended
            .send(read(&mut reader).is_ok_and(|request| request.is_some()))
            .unwrap();
        reader.get_mut().write_all(ok("x").as_bytes())
    });
    let world = vendor.world();
    let mut client = begin(
        &world,
        "POST",
        "Transfer-Encoding: chunked\r\nConnection: close\r\n",
    );
    client.write_all(b"3\r\nabc\r\nnonsense\r\n").unwrap();
    let mut answer = String::new();
    let _ = client.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400 "),
        "{answer}"
    );
    assert!(
        !seen.recv_timeout(LIMIT).unwrap(),
        "the vendor took a part for the whole"
    );

    let mut client = begin(&world, "POST", "Content-Length: 10\r\n");
    client.write_all(b"short").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    assert!(!seen.recv_timeout(LIMIT).unwrap());
}

#[test]
fn slow_readers_and_writers_get_it_all_and_hold_up_nobody() {
    const SIZE: usize = 4 * 1024 * 1024;
    let vendor = Vendor::with_connections(|stream| {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader)? {
            let body = if request.target().ends_with("/a") {
                request.body.len().max(1)
            } else {
                1
            };
            let size = if body > 1 { body } else { SIZE };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
            reader.get_mut().write_all(head.as_bytes())?;
            reader.get_mut().write_all(&vec![b'y'; size])?;
        }
        Ok(())
    });
    let world = vendor.world();
    let mut reading: Vec<_> = (0..8)
        .map(|_| begin(&world, "GET", "Connection: close\r\n"))
        .collect();
    let mut writing: Vec<_> = (0..8)
        .map(|_| begin(&world, "POST", "Content-Length: 1000\r\nConnection: close\r\n"))
        .collect();
    for piece in 0..10 {
        for client in &mut writing {
            client.write_all(&[b'z'; 100]).unwrap();
        }
        if piece == 5 {
            let quick = HttpClient::new().get(&world.api("/hubs/crm/a"), &[("Authorization", &by_token())]);
            assert_eq!(quick.body.len(), SIZE);
        }
    }
    for client in &mut writing {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert!(answer.ends_with(&[b'y'; 1000]) && answer.starts_with(b"HTTP/1.1 200 "));
    }
    for client in &mut reading {
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).unwrap();
        assert!(answer.len() > SIZE);
    }
}

#[test]
fn a_vendor_that_answers_before_it_took_the_body_is_heard() {
    let vendor = Vendor::with_connections(|stream| {
        let mut reader = BufReader::new(stream);
        read_head(&mut reader)?;
        reader
            .get_mut()
            .write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")?;
        while reader.read(&mut [0; 4096])? > 0 {}
        Ok(())
    });
    let world = vendor.world();
    let mut client = begin(
        &world,
        "POST",
        "Content-Length: 100000000\r\nConnection: close\r\n",
    );
    client.write_all(&[b'x'; 1000]).unwrap();
    expect(&mut client, "HTTP/1.1 413 ");
    expect(&mut client, "\r\n\r\nno");
}

#[test]
fn an_answer_that_is_no_http_is_a_502() {
    for bytes in [
        "SSH-2.0-x\r\n",
        "HTTP/1.1 200 O",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ] {
        let vendor = Vendor::with_connections(move |stream| {
            let mut reader = BufReader::new(stream);
            read(&mut reader)?;
            reader.get_mut().write_all(bytes.as_bytes())
        });
        let answer = vendor
            .world()
            .send("POST", "/hubs/crm/a", Some(&by_token()), "{}");
        refused(&answer, 502);
    }
}
