//! Calls whose bodies pass through: neither is ever held as a whole.

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, timeout_at};

use crate::address::Guard;
use crate::client::{HTTP2_PING, Outbound};
use crate::connector::Connector;
use crate::error::{OutboundError, Unanswered};
use crate::roots::Roots;

/// How long an unused connection is kept. Long enough for the next call of a busy caller, and shorter than most
/// vendors keep theirs: a call that meets a closing connection is lost unless it may be repeated.
const IDLE: Duration = Duration::from_secs(30);

/// How many unused connections are kept for each host: about as many as there are callers at once.
const IDLE_PER_HOST: usize = 512;

type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type Streams = Client<Connector, UnsyncBoxBody<Bytes, BoxError>>;

/// A client of its own: a rush of calls takes no connection from token requests.
pub(crate) fn client(guard: Guard, roots: Roots, connect_timeout: Duration) -> Streams {
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http2_keep_alive_interval(HTTP2_PING)
        .build(Connector::new(guard, roots, connect_timeout))
}

impl Outbound {
    /// One request, and the head of its answer, whatever its status; the answer's body is read as it comes.
    ///
    /// The request goes out as it is, over HTTP/1.1 or, where the vendor agrees on it, HTTP/2. `head_timeout` is the
    /// longest that the vendor may leave the call standing: it takes nothing of the body, and gives no head.
    ///
    /// # Errors
    /// No head within that time; [`OutboundError`] says whether the request may have left. An error of the request's
    /// own body is [`Unanswered::RequestBroken`].
    pub async fn stream<B>(
        &self,
        request: Request<B>,
        head_timeout: Duration,
    ) -> Result<Response<Incoming>, OutboundError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        if let Err(why) = self.guard.check(request.uri()) {
            let host = request.uri().host().unwrap_or_default().to_owned();
            return Err(OutboundError::NotSent { host, why });
        }
        let (mut parts, body) = request.into_parts();
        if !parts.headers.contains_key(USER_AGENT) {
            parts.headers.insert(USER_AGENT, self.user_agent.clone());
        }
        let authority = parts.uri.authority().cloned();
        let host = || {
            authority
                .as_ref()
                .map_or("", |authority| authority.host())
                .to_owned()
        };

        let progress = Progress::new();
        let body = if body.is_end_stream() {
            body.map_err(Into::into).boxed_unsync()
        } else {
            let moved = progress.clone();
            Watched { body, moved }.map_err(Into::into).boxed_unsync()
        };
        let mut answer = pin!(self.streams.request(Request::from_parts(parts, body)));
        loop {
            let deadline = progress.last() + head_timeout;
            match timeout_at(deadline, answer.as_mut()).await {
                Ok(answer) => return answer.map_err(|error| OutboundError::from_request(&host(), &error)),
                Err(_) if progress.last() + head_timeout > deadline => {}
                Err(_) => {
                    let (host, why) = (host(), Unanswered::Timeout);
                    return Err(OutboundError::Unanswered { host, why });
                }
            }
        }
    }
}

/// When the request last moved on.
#[derive(Clone)]
struct Progress {
    began: Instant,
    /// Milliseconds since then.
    moved: Arc<AtomicU64>,
}

impl Progress {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            moved: Arc::default(),
        }
    }

    fn last(&self) -> Instant {
        self.began + Duration::from_millis(self.moved.load(Ordering::Relaxed))
    }

    fn note(&self) {
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(elapsed, Ordering::Relaxed);
    }
}

/// A body that tells when a piece of it was taken.
struct Watched<B> {
    body: B,
    moved: Progress,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Watched<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        self.moved.note();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
