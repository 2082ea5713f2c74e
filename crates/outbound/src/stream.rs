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
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, timeout, timeout_at};

use crate::client::Outbound;
use crate::error::{NotSent, OutboundError, Unanswered};
use crate::exchange::Answer;
use crate::pool::Place;

type BoxError = Box<dyn Error + Send + Sync>;

/// What goes out: most calls have no body.
pub(crate) enum RequestBody {
    Empty,
    Passing(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.get_mut() {
            Self::Empty => Poll::Ready(None),
            Self::Passing(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Passing(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Passing(body) => body.size_hint(),
        }
    }
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
        mut request: Request<B>,
        head_timeout: Duration,
    ) -> Result<Response<Answer>, OutboundError>
    where
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let not_sent = |host: Option<&str>, why| OutboundError::NotSent {
            host: host.unwrap_or_default().to_owned(),
            why,
        };
        self.guard
            .check(request.uri())
            .map_err(|why| not_sent(request.uri().host(), why))?;
        let place = Place::of(request.uri()).ok_or_else(|| not_sent(None, NotSent::Malformed))?;
        let agent = request.headers_mut().entry(USER_AGENT);
        agent.or_insert_with(|| self.user_agent.clone());
        if request.body().is_end_stream() {
            let request = request.map(|_| RequestBody::Empty);
            let answer = timeout(head_timeout, self.over_a_connection(place.clone(), request));
            return answer.await.unwrap_or_else(|_| Err(too_late(&place)));
        }

        let progress = Progress::new();
        let moved = progress.clone();
        let request = request.map(|body| {
            let watched = Watched { body, moved };
            RequestBody::Passing(watched.map_err(Into::into).boxed_unsync())
        });
        let mut answer = pin!(self.over_a_connection(place.clone(), request));
        loop {
            let deadline = progress.last() + head_timeout;
            match timeout_at(deadline, answer.as_mut()).await {
                Ok(answer) => return answer,
                Err(_) if progress.last() + head_timeout > deadline => {}
                Err(_) => return Err(too_late(&place)),
            }
        }
    }
}

fn too_late(place: &Place) -> OutboundError {
    OutboundError::Unanswered {
        host: place.host().to_owned(),
        why: Unanswered::Timeout,
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
