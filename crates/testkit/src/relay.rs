//! A vendor's back channel, overheard: what Ferrule asks there, and what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use crate::{Answer, HttpClient};

/// Passes every request on to the vendor and every answer back.
pub struct Relay {
    url: String,
    gate: Arc<Mutex<()>>,
    heard: Arc<Mutex<Vec<Exchange>>>,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Path and query.
    pub path: String,
    /// Whether the client authenticated by HTTP Basic.
    pub basic: bool,
    /// The request's body.
    pub form: Vec<(String, String)>,
    /// What the vendor answered.
    pub answer: Answer,
}

impl Exchange {
    /// A parameter of the request.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let pair = self.form.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str())
    }
}

impl Relay {
    /// Listens on a port of its own for the vendor at `target`.
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("the address of a listener")
        );
        let heard = Arc::<Mutex<Vec<Exchange>>>::default();
        let gate = Arc::<Mutex<()>>::default();
        let (target, memory, passes) = (target.to_owned(), Arc::clone(&heard), Arc::clone(&gate));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                drop(passes.lock());
                let exchange = pass_on(&target, &stream);
                memory
                    .lock()
                    .expect("no thread panics with it")
                    .push(exchange.clone());
                answer(&stream, &exchange.answer);
            }
        });
        Self { url, gate, heard }
    }

    /// Nothing passes until what it returns is dropped.
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        self.gate.lock().expect("no thread panics with it")
    }

    /// `http://127.0.0.1:port`
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All that went to `path` so far.
    pub fn heard_at(&self, path: &str) -> Vec<Exchange> {
        let heard = self.heard.lock().expect("no thread panics with it");
        heard
            .iter()
            .filter(|exchange| exchange.path == path)
            .cloned()
            .collect()
    }
}

fn pass_on(target: &str, stream: &TcpStream) -> Exchange {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line of the head");
        let line = line.trim_end().to_owned();
        if line.is_empty() {
            break;
        }
        lines.push(line);
    }
    let path = lines[0].split(' ').nth(1).expect("a target").to_owned();
    let headers: Vec<(&str, &str)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .collect();
    let value = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| *value)
    };
    let length = value("content-length")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    let kept: Vec<_> = headers
        .iter()
        .filter(|(name, _)| {
            ["authorization", "content-type", "accept"].contains(&name.to_ascii_lowercase().as_str())
        })
        .copied()
        .collect();
    let answer = HttpClient::new()
        .request("POST", &format!("{target}{path}"), &kept, &body)
        .expect("the vendor's answer");
    Exchange {
        basic: value("authorization").is_some_and(|text| text.starts_with("Basic ")),
        form: url::form_urlencoded::parse(&body).into_owned().collect(),
        path,
        answer,
    }
}

fn answer(mut stream: &TcpStream, answer: &Answer) {
    let head = format!(
        "HTTP/1.1 {} Relayed\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.status,
        answer.header("content-type").unwrap_or("text/plain"),
        answer.body.len()
    );
    // A client that went away is its own affair.
    let _ = stream.write_all(&[head.as_bytes(), &answer.body].concat());
}
