//! Connections to vendors, counted while they are open.

use std::io::{Error, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use metrics::Gauge;

const OPEN: &str = "ferrule_vendor_connections";
const CONNECTS: &str = "ferrule_vendor_connects_total";

/// A connection that is counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted<S> {
    stream: S,
    open: Gauge,
}

impl<S> Counted<S> {
    /// One that has just come about.
    pub(crate) fn new(stream: S) -> Self {
        metrics::counter!(CONNECTS, "outcome" => "ok").increment(1);
        let open = metrics::gauge!(OPEN);
        open.increment(1.0);
        Self { stream, open }
    }
}

/// One that did not come about.
pub(crate) fn failed() {
    metrics::counter!(CONNECTS, "outcome" => "failed").increment(1);
}

/// What stands above each metric of this room.
pub(crate) fn describe_metrics() {
    metrics::describe_gauge!(OPEN, "Open connections to vendors.");
    metrics::describe_counter!(CONNECTS, "Connections to vendors that came about, or did not.");
}

impl<S> Drop for Counted<S> {
    fn drop(&mut self) {
        self.open.decrement(1.0);
    }
}

impl<S: Connection> Connection for Counted<S> {
    fn connected(&self) -> Connected {
        self.stream.connected()
    }
}

impl<S: Read + Unpin> Read for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: Write + Unpin> Write for Counted<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }
}
