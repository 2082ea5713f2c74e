//! One request over a connection that waits, or over a new one.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::{http1, http2};
use hyper_util::client::legacy::connect::Connection as _;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service as _;

use crate::client::{HTTP2_PING, Outbound};
use crate::error::OutboundError;
use crate::pool::{Place, Pool, Sender, for_http1};
use crate::stream::RequestBody;

/// How much of an answer is read at once: what is large passes in pieces of this size. A head is no larger.
const READ: usize = 64 * 1024;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An answer's body, read as it comes. Read to its end, it leaves its connection to the next call; dropped before, it
/// takes the connection along.
#[derive(Debug)]
pub struct Answer {
    body: Incoming,
    back: Option<(Pool, Place, Sender)>,
}

impl Outbound {
    /// Sends the request. One that a connection did not take is sent by another: it never left.
    pub(crate) async fn over_a_connection(
        &self,
        place: Place,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Answer>, OutboundError> {
        loop {
            let waited = self.pool.take(&place);
            let is_new = waited.is_none();
            let mut sender = match waited {
                Some(sender) => sender,
                None => self.connect(&place).await?,
            };
            let sent = match &mut sender {
                Sender::Http1(sender, host) => sender.try_send_request(for_http1(request, host)).await,
                Sender::Http2(sender) => sender.try_send_request(request).await,
            };
            match sent {
                Ok(answer) => {
                    let back = (self.pool.clone(), place, sender);
                    return Ok(answer.map(|body| Answer::new(body, back)));
                }
                Err(mut failure) => match failure.take_message() {
                    Some(unsent) if !is_new => {
                        request = unsent;
                        let path = request.uri().path_and_query().cloned();
                        *request.uri_mut() = place.address(path);
                    }
                    unsent => {
                        let (host, never_left) = (place.host().to_owned(), unsent.is_some());
                        return Err(OutboundError::from_exchange(host, never_left, failure.error()));
                    }
                },
            }
        }
    }

    /// A new connection. Its own task moves it on, and ends with it.
    fn connect(&self, place: &Place) -> BoxFuture<Result<Sender, OutboundError>> {
        // Its resolver is always ready.
        let connecting = self.connector.clone().call(place.address(None));
        let (pool, place) = (self.pool.clone(), place.clone());
        Box::pin(async move {
            let failed =
                |error: &(dyn Error + 'static)| OutboundError::from_connect(place.host().to_owned(), error);
            let stream = connecting.await.map_err(|error| failed(&*error))?;
            if !stream.connected().is_negotiated_h2() {
                let shaken = http1::Builder::new().max_buf_size(READ).handshake(stream).await;
                let (sender, connection) = shaken.map_err(|error| failed(&error))?;
                tokio::spawn(connection);
                let host = place.host_header().unwrap_or(HeaderValue::from_static(""));
                return Ok(Sender::Http1(sender, host));
            }
            let shaken = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .keep_alive_interval(HTTP2_PING)
                .handshake(stream)
                .await;
            let (sender, connection) = shaken.map_err(|error| failed(&error))?;
            tokio::spawn(connection);
            pool.put(&place, Sender::Http2(sender.clone()));
            Ok(Sender::Http2(sender))
        })
    }
}

impl Answer {
    fn new(body: Incoming, back: (Pool, Place, Sender)) -> Self {
        let back = Some(back);
        let mut answer = Self { body, back };
        answer.give_back_at_end();
        answer
    }

    fn give_back_at_end(&mut self) {
        if self.body.is_end_stream()
            && let Some((pool, place, Sender::Http1(sender, host))) = self.back.take()
        {
            pool.put(&place, Sender::Http1(sender, host));
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        match &frame {
            Poll::Ready(Some(Ok(_)) | None) => self.give_back_at_end(),
            // Half an answer: whatever else the connection holds belongs to it.
            Poll::Ready(Some(Err(_))) => self.back = None,
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
