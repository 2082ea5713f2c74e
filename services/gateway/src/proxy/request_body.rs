//! A call's body on its way to the vendor: never held as a whole, but for a small one's copy.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::idle::Idle;

/// How long a caller may take for the next piece of a body.
const IDLE: Duration = Duration::from_secs(30);

/// The largest body that can be sent a second time.
pub(super) const COPIED: usize = 64 * 1024;

/// The caller was too slow.
#[derive(Debug, thiserror::Error)]
#[error("the body stood still for {} s", IDLE.as_secs())]
pub(crate) struct Stalled;

/// A body that passes through.
pub(crate) struct RequestBody<B> {
    body: B,
    copy: Copy,
    idle: Idle,
}

/// What has passed of a body, as long as that is little.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copy(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    pieces: Vec<Bytes>,
    length: usize,
    stage: Stage,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Passing,
    Whole,
    /// Too large for a copy, or cut off, or with trailers.
    Given,
    Stalled,
}

impl Copy {
    /// The whole body, when it was small and has passed to its end.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        let passed = self.lock();
        (passed.stage == Stage::Whole).then(|| Bytes::from(passed.pieces.concat()))
    }

    /// Whether the caller stopped sending.
    pub(crate) fn stalled(&self) -> bool {
        self.lock().stage == Stage::Stalled
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Passed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, frame: &Frame<Bytes>) {
        let mut passed = self.lock();
        if passed.stage != Stage::Passing {
            return;
        }
        match frame.data_ref() {
            Some(piece) if passed.length + piece.len() <= COPIED => {
                passed.length += piece.len();
                // A copy of its own: the piece is a window on the connection's buffer.
                passed.pieces.push(Bytes::copy_from_slice(piece));
            }
            _ => passed.give_up(Stage::Given),
        }
    }

    fn end(&self, stage: Stage) {
        let mut passed = self.lock();
        match (&passed.stage, stage) {
            (Stage::Passing, Stage::Whole) => passed.stage = Stage::Whole,
            (_, Stage::Whole) => {}
            (_, stage) => passed.give_up(stage),
        }
    }
}

impl Passed {
    fn give_up(&mut self, stage: Stage) {
        self.pieces = Vec::new();
        self.stage = stage;
    }
}

impl<B: Body> RequestBody<B> {
    /// `copy` gets what passes.
    pub(crate) fn new(body: B, copy: Copy) -> Self {
        if body.size_hint().lower() > COPIED as u64 {
            copy.end(Stage::Given);
        }
        let idle = Idle::new(IDLE);
        Self { body, copy, idle }
    }
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
            ready!(this.idle.poll_over(context));
            this.copy.end(Stage::Stalled);
            return Poll::Ready(Some(Err(Stalled.into())));
        };
        this.idle.moved();
        match frame {
            Some(Ok(frame)) => {
                this.copy.note(&frame);
                if this.body.is_end_stream() {
                    this.copy.end(Stage::Whole);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                this.copy.end(Stage::Given);
                Poll::Ready(Some(Err(error.into())))
            }
            None => {
                this.copy.end(Stage::Whole);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
