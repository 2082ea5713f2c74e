//! An answer's body on its way to the caller.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::idle::Idle;
use super::limits::Permit;
use axum::BoxError;
use axum::body::Bytes;
use ferrule_outbound::Answer;
use hyper::body::{Body, Frame, SizeHint};

/// How long a vendor may take for the next piece of a body.
const IDLE: Duration = Duration::from_mins(5);

/// The vendor was too slow: the caller's connection breaks off, so that no part passes for the whole.
#[derive(Debug, thiserror::Error)]
#[error("the vendor's answer stood still for {} s", IDLE.as_secs())]
struct Stalled;

/// A body that passes through. The call counts as running until it is dropped.
pub(crate) struct ResponseBody {
    body: Answer,
    idle: Idle,
    _permit: Permit,
}

impl ResponseBody {
    pub(crate) fn new(body: Answer, permit: Permit) -> Self {
        Self {
            body,
            idle: Idle::new(IDLE),
            _permit: permit,
        }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            ready!(this.idle.poll_over(context));
            return Poll::Ready(Some(Err(Stalled.into())));
        };
        this.idle.moved();
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
