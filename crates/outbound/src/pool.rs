//! Connections that wait for the next call: each core has its own, so that no call waits for another core.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ferrule_cores::PerCore;
use http::header::HOST;
use http::uri::{self, Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri};
use hyper::client::conn::{http1, http2};
use tokio::time::Instant;

use crate::stream::RequestBody;

/// How long an unused connection is kept. Long enough for the next call of a busy caller, and shorter than most
/// vendors keep theirs: a call that meets a closing connection is lost unless it may be repeated.
const IDLE: Duration = Duration::from_secs(30);

/// How many unused connections each core keeps for each host: about as many as it has callers at once.
const IDLE_PER_HOST: usize = 512;

/// Who writes into a connection.
#[derive(Debug)]
pub(crate) enum Sender {
    /// With the `Host` of its requests.
    Http1(http1::SendRequest<RequestBody>, HeaderValue),
    /// Shared by all calls of a core.
    Http2(http2::SendRequest<RequestBody>),
}

/// Where a connection leads to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    authority: Authority,
    is_tls: bool,
}

impl Place {
    /// Of an address; `None`: it has no host.
    pub(crate) fn of(address: &Uri) -> Option<Self> {
        Some(Self {
            authority: address.authority()?.clone(),
            is_tls: address.scheme() == Some(&Scheme::HTTPS),
        })
    }

    /// The address of a path there.
    pub(crate) fn address(&self, path: Option<PathAndQuery>) -> Uri {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(if self.is_tls { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).unwrap_or_default()
    }

    pub(crate) fn host(&self) -> &str {
        self.authority.host()
    }

    /// What a request there has as its `Host` (RFC 9112 section 3.2); `None`: no header may hold it.
    pub(crate) fn host_header(&self) -> Option<HeaderValue> {
        let usual_port = if self.is_tls { 443 } else { 80 };
        let host = match self.authority.port_u16() {
            Some(port) if port != usual_port => self.authority.as_str(),
            _ => self.host(),
        };
        HeaderValue::from_str(host).ok()
    }
}

/// The request as HTTP/1.1 has it: the path alone, and the host in a header (RFC 9112 section 3.2.1).
pub(crate) fn for_http1(mut request: Request<RequestBody>, host: &HeaderValue) -> Request<RequestBody> {
    let mut path = uri::Parts::default();
    path.path_and_query = mem::take(request.uri_mut()).into_parts().path_and_query;
    *request.uri_mut() = Uri::from_parts(path).unwrap_or_default();
    let header = request.headers_mut().entry(HOST);
    header.or_insert_with(|| host.clone());
    request
}

/// Every core's connections. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<PerCore<Mutex<Waiting>>>);

#[derive(Debug, Default)]
struct Waiting {
    /// Without and with TLS.
    hosts: [HashMap<Box<str>, Vec<Idle>>; 2],
    is_swept: bool,
}

#[derive(Debug)]
struct Idle {
    sender: Sender,
    since: Instant,
}

impl Idle {
    fn is_over(&self, now: Instant) -> bool {
        let is_closed = match &self.sender {
            Sender::Http1(sender, _) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        };
        is_closed || now.saturating_duration_since(self.since) >= IDLE
    }

    /// One that was given back before its last request had left it is not.
    fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender, _) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }
}

impl Pool {
    /// A connection to there, if one waits.
    pub(crate) fn take(&self, place: &Place) -> Option<Sender> {
        let mut waiting = lock(self.mine());
        let idle = waiting.hosts[usize::from(place.is_tls)].get_mut(place.authority.as_str())?;
        let now = Instant::now();
        let mut at = idle.len();
        while at > 0 {
            at -= 1;
            if idle[at].is_over(now) {
                idle.swap_remove(at);
            } else if let Sender::Http2(sender) = &idle[at].sender {
                let sender = sender.clone();
                idle[at].since = now;
                return Some(Sender::Http2(sender));
            } else if idle[at].is_ready() {
                return Some(idle.swap_remove(at).sender);
            }
        }
        None
    }

    /// Keeps a connection for the next call.
    pub(crate) fn put(&self, place: &Place, sender: Sender) {
        let mine = self.mine();
        let mut waiting = lock(mine);
        let kept = Idle {
            sender,
            since: Instant::now(),
        };
        let hosts = &mut waiting.hosts[usize::from(place.is_tls)];
        match hosts.get_mut(place.authority.as_str()) {
            Some(idle) if idle.len() >= IDLE_PER_HOST => return,
            Some(idle) => idle.push(kept),
            None => drop(hosts.insert(place.authority.as_str().into(), vec![kept])),
        }
        if !mem::replace(&mut waiting.is_swept, true) {
            tokio::spawn(sweep(self.clone()));
        }
    }

    fn mine(&self) -> &Mutex<Waiting> {
        self.0.get_or_init(Mutex::default)
    }
}

/// Ends what waited for too long, until nothing waits.
async fn sweep(pool: Pool) {
    loop {
        tokio::time::sleep(IDLE).await;
        let now = Instant::now();
        let mut waiting = lock(pool.mine());
        for hosts in &mut waiting.hosts {
            hosts.retain(|_, idle| {
                idle.retain(|idle| !idle.is_over(now));
                !idle.is_empty()
            });
        }
        if waiting.hosts.iter().all(HashMap::is_empty) {
            waiting.is_swept = false;
            return;
        }
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    // Nothing that panics runs under this lock.
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
