//! A vendor's API on a raw socket, which remembers every byte that came and answers as it is told.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use ferrule_catalog::ConnectorSource;
use ferrule_gateway::Settings;
use ferrule_wire::v1::Credential;

use crate::registry::{ID, Registry, access_token};
use crate::world::{World, settings};

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The first line, without its end.
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    /// Decoded when it was chunked.
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let found = all.next();
        assert!(all.next().is_none(), "{name} came twice");
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap()
    }

    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

pub(crate) struct Vendor {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<Mutex<usize>>,
}

impl Vendor {
    /// Answers each request with these bytes; the connection stays unless they say `Connection: close`.
    pub(crate) fn start(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let all = Arc::clone(&seen);
        let mut vendor = Self::with_connections(move |stream| {
            let mut reader = BufReader::new(stream);
            while let Some(request) = read(&mut reader)? {
                let bytes = answer(&request);
                all.lock().unwrap().push(request);
                reader.get_mut().write_all(bytes.as_bytes())?;
                if bytes.contains("Connection: close") {
                    return Ok(());
                }
            }
            Ok(())
        });
        vendor.seen = seen;
        vendor
    }

    /// Answers each request with a 200 and this text.
    pub(crate) fn saying(text: &'static str) -> Self {
        Self::start(move |_| ok(text))
    }

    /// Does what it will with each connection.
    pub(crate) fn with_connections(
        serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (serve, connections) = (Arc::new(serve), Arc::<Mutex<usize>>::default());
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for stream in listener.incoming() {
                *count.lock().unwrap() += 1;
                let serve = Arc::clone(&serve);
                // A connection that breaks off is the other side's affair.
                thread::spawn(move || serve(stream?));
            }
        });
        Self {
            address,
            seen: Arc::default(),
            connections,
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn only(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }

    pub(crate) fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }

    /// The connector file that leads here.
    pub(crate) fn connector(&self) -> ConnectorSource {
        connector(&self.address.to_string())
    }

    /// A gateway whose only instance is this vendor's.
    pub(crate) fn world(&self) -> World {
        self.world_with(settings())
    }

    pub(crate) fn world_with(&self, settings: Settings) -> World {
        World::build(settings, registry(), Some(self.connector()))
    }
}

/// A registry whose instance is one of the connector `acme`.
pub(crate) fn registry() -> Arc<Registry> {
    let registry = Registry::default();
    *registry.credential.lock().unwrap() = credential();
    Arc::new(registry)
}

pub(crate) fn credential() -> Credential {
    Credential {
        organization_id: 1,
        instance_id: ID,
        element_key: "acme".to_owned(),
        access_token: access_token(1),
        version: 1,
        parameters: [("region".to_owned(), "eu 1".to_owned())].into(),
        ..Credential::default()
    }
}

pub(crate) fn connector(host: &str) -> ConnectorSource {
    let text = format!(
        r#"
key = "acme"
name = "Acme"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "https://acme.example/authorize"
token_url = "https://acme.example/token"
[api]
base_url = "http://{host}/base/v2"
headers = {{ Accept = "application/json", X-Region = "{{region}}" }}
authorization = "Bearer {{access_token}}"
ping = "GET /me"
[[parameters]]
name = "region"
required = true
[[resources]]
path = "/contacts"
vendor_path = "/people.json"
methods = ["GET", "POST"]
[[resources]]
path = "/contacts/{{id}}"
vendor_path = "/people/{{id}}/card"
methods = ["GET", "PATCH"]
[[resources]]
path = "/notes"
"#
    );
    ConnectorSource {
        name: "acme.toml".to_owned(),
        text,
    }
}

/// A 200 with this text.
pub(crate) fn ok(text: &str) -> String {
    answer("200 OK", "Content-Type: text/plain\r\n", text)
}

pub(crate) fn answer(status: &str, headers: &str, text: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{text}",
        text.len()
    )
}

/// One request; `None` when the connection ended before it began.
pub(crate) fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let Some(mut seen) = read_head(reader)? else {
        return Ok(None);
    };
    if seen.header("transfer-encoding").is_some() {
        loop {
            let size = usize::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
            let mut chunk = vec![0; size];
            reader.read_exact(&mut chunk)?;
            seen.body.append(&mut chunk);
            line(reader)?;
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = seen.header("content-length") {
        seen.body = vec![0; length.parse().map_err(io::Error::other)?];
        reader.read_exact(&mut seen.body)?;
    }
    Ok(Some(seen))
}

/// A request without its body.
pub(crate) fn read_head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let first = line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut seen = Seen {
        line: first,
        ..Seen::default()
    };
    loop {
        let header = line(reader)?;
        if header.is_empty() {
            return Ok(Some(seen));
        }
        let (name, value) = header
            .split_once(": ")
            .ok_or_else(|| io::Error::other(header.clone()))?;
        seen.headers.push((name.to_owned(), value.to_owned()));
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    Ok(line.trim_end_matches("\r\n").to_owned())
}
