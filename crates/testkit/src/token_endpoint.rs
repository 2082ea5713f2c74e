//! A vendor whose every answer the test decides, and which remembers all it was asked.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::parse;

use crate::http_message::{Headers, Undeclared, header, read_message};
use crate::{Scripted, wait_until};

const LIMIT: Duration = Duration::from_secs(30);

/// What the vendor does where nothing is scripted.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// `expires_in` of every access token, in seconds.
    pub access_ttl: u64,
    /// Whether a refresh brings a new refresh token, and spends the old one.
    pub rotate: bool,
    /// `iss` in the answer of the authorization endpoint (RFC 9207).
    pub issuer: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            access_ttl: 3600,
            rotate: true,
            issuer: None,
        }
    }
}

/// One request that the vendor got.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    /// Names as they came, with their values.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// A parameter of the body, whether that is a form or JSON.
    pub fn parameter(&self, name: &str) -> Option<String> {
        if let Ok(Value::Object(members)) = serde_json::from_slice(&self.body) {
            return members.get(name)?.as_str().map(ToOwned::to_owned);
        }
        parse(&self.body)
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// The vendor, on a loopback port of its own. What is scripted for a path comes first; else `/token` answers with
/// fresh tokens, once for each code and (when rotating) each refresh token, `/authorize` sends straight back with a
/// code, `/revoke` and all other paths answer `{}`. Every request is kept.
pub struct TokenEndpoint {
    address: SocketAddr,
    vendor: Arc<Vendor>,
}

/// While it lives, token requests are read but not answered; see [`TokenEndpoint::hold`].
pub struct Held(Arc<Vendor>);

struct Vendor {
    behaviour: Behaviour,
    memory: Mutex<Memory>,
    released: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Memory {
    script: HashMap<String, VecDeque<Scripted>>,
    requests: Vec<Request>,
    issued: Vec<String>,
    spent: HashSet<String>,
    holds: usize,
}

impl TokenEndpoint {
    /// Starts it.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("the address of a listener");
        let vendor = Arc::new(Vendor {
            behaviour,
            memory: Mutex::default(),
            released: Condvar::new(),
            stopped: AtomicBool::new(false),
        });
        let shared = Arc::clone(&vendor);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let vendor = Arc::clone(&shared);
                // A peer that went away is its own affair.
                thread::spawn(move || drop(vendor.serve(stream)));
            }
        });
        Self { address, vendor }
    }

    /// `http://127.0.0.1:port` and `target`.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// Where users are sent.
    pub fn authorization_url(&self) -> String {
        self.url("/authorize")
    }

    /// Where codes and refresh tokens are spent.
    pub fn token_url(&self) -> String {
        self.url("/token")
    }

    /// Where tokens are revoked.
    pub fn revocation_url(&self) -> String {
        self.url("/revoke")
    }

    /// Prepares the answer to a later token request; the first one prepared is the first one given.
    pub fn script(&self, answer: Scripted) {
        self.script_at("/token", answer);
    }

    /// The same for any path.
    pub fn script_at(&self, path: &str, answer: Scripted) {
        self.vendor
            .memory()
            .script
            .entry(path.to_owned())
            .or_default()
            .push_back(answer);
    }

    /// Leaves token requests unanswered until what it returns is dropped.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.vendor.memory().holds += 1;
        Held(Arc::clone(&self.vendor))
    }

    /// Every request so far, in the order they came.
    pub fn requests(&self) -> Vec<Request> {
        self.vendor.memory().requests.clone()
    }

    /// Every request to `path` so far.
    pub fn requests_to(&self, path: &str) -> Vec<Request> {
        self.requests()
            .into_iter()
            .filter(|request| request.path() == path)
            .collect()
    }

    /// How many token requests brought this code.
    pub fn token_requests_for(&self, code: &str) -> usize {
        let tokens = self.requests_to("/token");
        tokens
            .iter()
            .filter(|request| request.parameter("code").as_deref() == Some(code))
            .count()
    }

    /// Waits until `path` was asked `count` times.
    pub fn wait_for_requests(&self, path: &str, count: usize) {
        let what = format!("{path} was asked {count} times");
        wait_until(&what, LIMIT, || self.requests_to(path).len() >= count);
    }

    /// Every code and token that it made up so far: what no log, error or dump may show.
    pub fn secrets(&self) -> Vec<String> {
        self.vendor.memory().issued.clone()
    }
}

impl Drop for TokenEndpoint {
    fn drop(&mut self) {
        self.vendor.stopped.store(true, Ordering::SeqCst);
        // Wakes the listening thread, which then ends.
        drop(TcpStream::connect(self.address));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.memory().holds -= 1;
        self.0.released.notify_all();
    }
}

impl Vendor {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let message = read_message(&mut BufReader::new(stream.try_clone()?), Undeclared::Empty)?;
        let mut words = message.start.split(' ').map(ToOwned::to_owned);
        let request = Request {
            method: words.next().unwrap_or_default(),
            target: words.next().unwrap_or_default(),
            headers: message.headers,
            body: message.body,
        };
        self.memory().requests.push(request.clone());
        if request.path() == "/token" {
            self.wait_for_release();
        }
        let scripted = self
            .memory()
            .script
            .get_mut(request.path())
            .and_then(VecDeque::pop_front);
        let answer = scripted.unwrap_or_else(|| match request.path() {
            "/token" => self.token(&request),
            "/authorize" => self.authorize(&request),
            _ => Scripted::json(200, &json!({})),
        });
        thread::sleep(answer.delay);
        stream.write_all(&answer.bytes())
    }

    fn wait_for_release(&self) {
        drop(self.released.wait_while(self.memory(), |memory| memory.holds > 0));
    }

    fn token(&self, request: &Request) -> Scripted {
        let mut memory = self.memory();
        let refresh = request.parameter("grant_type").as_deref() == Some("refresh_token");
        let grant = request
            .parameter(if refresh { "refresh_token" } else { "code" })
            .unwrap_or_default();
        let spends = !refresh || self.behaviour.rotate;
        if grant.is_empty() || (spends && !memory.spent.insert(grant.clone())) {
            return Scripted::json(
                400,
                &json!({"error": "invalid_grant", "error_description": "spent or missing"}),
            );
        }
        let mut tokens = json!({
            "access_token": memory.issue("access"),
            "token_type": "Bearer",
            "expires_in": self.behaviour.access_ttl,
        });
        if spends {
            tokens["refresh_token"] = memory.issue("refresh").into();
        }
        Scripted::json(200, &tokens)
    }

    fn authorize(&self, request: &Request) -> Scripted {
        let query = request.target.split_once('?').map_or("", |(_, query)| query);
        let given = |name: &str| {
            parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value)
        };
        let Some(mut back) = given("redirect_uri").and_then(|uri| Url::parse(&uri).ok()) else {
            return Scripted::new(400, "text/plain", "no redirect_uri");
        };
        back.query_pairs_mut()
            .append_pair("code", &self.memory().issue("code"));
        for (name, value) in [
            ("state", given("state")),
            ("iss", self.behaviour.issuer.as_deref().map(Into::into)),
        ] {
            if let Some(value) = value {
                back.query_pairs_mut().append_pair(name, &value);
            }
        }
        Scripted::new(302, "text/plain", "").with_header("Location", back.as_str())
    }
}

impl Memory {
    /// Recognizable in any text, and never the same twice in one test.
    fn issue(&mut self, kind: &str) -> String {
        let secret = format!("{kind}-of-the-scripted-vendor-{}", self.issued.len());
        self.issued.push(secret.clone());
        secret
    }
}
