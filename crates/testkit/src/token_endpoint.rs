//! A vendor whose every answer the test decides, and which remembers all it was asked.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::parse;

use crate::families::{Families, Refresh};
use crate::http_message::{Undeclared, read_message};
use crate::{Behaviour, Request, Scripted, wait_until};

const LIMIT: Duration = Duration::from_secs(30);

/// The vendor, on a loopback port of its own. What is scripted for a path comes first; else `/token` answers with
/// fresh tokens, once for each code and (when rotating) each refresh token, and for the family `app` whenever a
/// client asks for its own (RFC 6749 section 4.4), `/authorize` sends straight back with a
/// code, paths below `/api/` open to bearers of living access tokens and are 401 for all others, and the rest answers
/// `{}`. Every request is kept.
pub struct TokenEndpoint {
    address: SocketAddr,
    vendor: Arc<Vendor>,
}

/// While it lives, token requests are read but not answered; see [`TokenEndpoint::hold`].
pub struct Held(Arc<Vendor>);

/// What a test does to an answer before it leaves.
type Change = Box<dyn FnOnce(Scripted) -> Scripted + Send>;

/// The two kinds of grant, and where the script of refreshes stands among those of paths.
const REFRESHES: &str = "refresh_token";
const CODES: &str = "authorization_code";

struct Vendor {
    memory: Mutex<Memory>,
    released: Condvar,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Memory {
    behaviour: Behaviour,
    script: HashMap<String, VecDeque<Scripted>>,
    changes: HashMap<&'static str, VecDeque<Change>>,
    requests: Vec<Request>,
    families: Families,
    holds: usize,
}

impl TokenEndpoint {
    /// Starts it.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = listener.local_addr().expect("the address of a listener");
        let vendor = Arc::new(Vendor {
            memory: Mutex::new(Memory {
                behaviour,
                ..Memory::default()
            }),
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

    /// The same for refreshes alone: codes are answered all the while. The refresh token is not spent.
    pub fn script_refresh(&self, answer: Scripted) {
        self.script_at(REFRESHES, answer);
    }

    /// Changes the answer to a later refresh that is answered by itself: its token is spent, whatever arrives.
    pub fn change_refresh(&self, change: impl FnOnce(Scripted) -> Scripted + Send + 'static) {
        self.vendor.memory().change(REFRESHES, Box::new(change));
    }

    /// The same for the answer to a later code.
    pub fn change_exchange(&self, change: impl FnOnce(Scripted) -> Scripted + Send + 'static) {
        self.vendor.memory().change(CODES, Box::new(change));
    }

    /// Changes how it behaves from now on.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.vendor.memory().behaviour);
    }

    /// Every refresh so far, in the order they were asked for.
    pub fn refreshes(&self) -> Vec<Refresh> {
        self.vendor.memory().families.refreshes.clone()
    }

    /// Those of the family that this code began.
    pub fn refreshes_of(&self, code: &str) -> Vec<Refresh> {
        let refreshes = self.refreshes().into_iter();
        refreshes.filter(|refresh| refresh.code == code).collect()
    }

    /// Ends a family, as a user does who withdraws consent.
    pub fn revoke(&self, code: &str) {
        self.vendor.memory().families.kill(code);
    }

    /// Whether all tokens of a family are dead, by reuse or [`TokenEndpoint::revoke`].
    pub fn is_dead(&self, code: &str) -> bool {
        self.vendor.memory().families.is_dead(code)
    }

    /// Ends every access token before its time. Refresh tokens live on.
    pub fn end_access(&self) {
        self.vendor.memory().families.end_access();
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
        self.vendor.memory().families.issued()
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
        let is_token = request.path() == "/token";
        let is_refresh = is_token && request.parameter("grant_type").as_deref() == Some("refresh_token");
        let refresh = is_refresh.then(|| {
            let refresh_token = request.parameter("refresh_token").unwrap_or_default();
            self.memory().families.asked(&refresh_token)
        });
        let thought = refresh.map_or(Duration::ZERO, |_| self.memory().behaviour.thought / 2);
        if is_token {
            self.wait_for_release();
        }
        thread::sleep(thought);
        let of_refreshes = refresh.and_then(|_| self.scripted(REFRESHES));
        let answer = of_refreshes
            .or_else(|| self.scripted(request.path()))
            .unwrap_or_else(|| match (request.path(), refresh) {
                ("/token", Some(place)) => self.refresh(place),
                ("/token", None) => self.exchange(&request),
                ("/authorize", _) => self.authorize(&request),
                (path, _) if path.starts_with("/api/") => self.api(&request),
                _ => Scripted::json(200, &json!({})),
            });
        thread::sleep(thought + answer.delay);
        stream.write_all(&answer.bytes())?;
        if let Some(place) = refresh {
            self.memory().families.refreshes[place].answered = Some(Instant::now());
        }
        Ok(())
    }

    fn scripted(&self, of: &str) -> Option<Scripted> {
        self.memory().script.get_mut(of).and_then(VecDeque::pop_front)
    }

    fn wait_for_release(&self) {
        drop(self.released.wait_while(self.memory(), |memory| memory.holds > 0));
    }

    fn exchange(&self, request: &Request) -> Scripted {
        if request.parameter("grant_type").as_deref() == Some("client_credentials") {
            let mut memory = self.memory();
            let memory = &mut *memory;
            return tokens(Ok(memory.families.app(&memory.behaviour)));
        }
        let code = request.parameter("code").unwrap_or_default();
        let mut memory = self.memory();
        let memory = &mut *memory;
        let answer = tokens(memory.families.exchange(&code, &memory.behaviour));
        memory.changed(CODES, answer)
    }

    fn refresh(&self, place: usize) -> Scripted {
        let mut memory = self.memory();
        let memory = &mut *memory;
        let answer = tokens(memory.families.refresh(place, &memory.behaviour));
        memory.changed(REFRESHES, answer)
    }

    /// Says to whose family the bearer belongs.
    fn api(&self, request: &Request) -> Scripted {
        let bearer = request.header("authorization");
        let bearer = bearer
            .and_then(|text| text.strip_prefix("Bearer "))
            .unwrap_or_default();
        match self.memory().families.opened_by(bearer) {
            Some(code) => Scripted::json(200, &json!({"code": code})),
            None => Scripted::json(401, &json!({"error": "invalid_token"})),
        }
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
            .append_pair("code", &self.memory().families.issue("code"));
        let issuer = self.memory().behaviour.issuer.clone();
        for (name, value) in [("state", given("state")), ("iss", issuer.map(Into::into))] {
            if let Some(value) = value {
                back.query_pairs_mut().append_pair(name, &value);
            }
        }
        Scripted::new(302, "text/plain", "").with_header("Location", back.as_str())
    }
}

impl Memory {
    fn change(&mut self, of: &'static str, change: Change) {
        self.changes.entry(of).or_default().push_back(change);
    }

    fn changed(&mut self, of: &'static str, answer: Scripted) -> Scripted {
        match self.changes.get_mut(of).and_then(VecDeque::pop_front) {
            Some(change) => change(answer),
            None => answer,
        }
    }
}

fn tokens(answer: Result<Value, Value>) -> Scripted {
    match answer {
        Ok(tokens) => Scripted::json(200, &tokens),
        Err(refusal) => Scripted::json(400, &refusal),
    }
}
