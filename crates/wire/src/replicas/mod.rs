//! The replicas of a service: found by name, connected, called in turn.
//!
//! [`keeper`] holds one [`line`] (an HTTP/2 connection) to each address that the [`name`]s resolve to, and publishes
//! those that are up. A call takes the next of them, without a lock. One that never left goes to another line; one
//! that may have left only where [`crate::access`] says that it may be repeated.

mod keeper;
mod line;
mod name;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::Request;
use http::Response;
use http_body_util::BodyExt as _;
use tokio::sync::{mpsc, oneshot};
use tonic::Status;
use tonic::body::Body;

use crate::access;
use crate::tls::Tls;
use keeper::{Keeper, Letter};
use line::Line;
pub(crate) use name::{Name, Resolve, dns};

/// How many lines one call may try.
const ATTEMPTS: usize = 4;

/// The lines that are up; changed as a whole.
type Lines = ArcSwap<Vec<Arc<Line>>>;

/// What calls are made through.
pub(crate) struct Replicas {
    lines: Arc<Lines>,
    turn: AtomicUsize,
    keeper: mpsc::UnboundedSender<Letter>,
}

impl Replicas {
    /// Looks for the replicas behind these names, from now until this is dropped. The names are asked again after
    /// each `interval`, and when a connection was lost.
    pub(crate) fn find(names: Vec<Name>, tls: Option<Tls>, resolve: Resolve, interval: Duration) -> Self {
        let lines = Arc::new(Lines::default());
        let (keeper, letters) = mpsc::unbounded_channel();
        let work = Keeper::new(
            names,
            tls,
            resolve,
            interval,
            Arc::clone(&lines),
            keeper.downgrade(),
        );
        tokio::spawn(work.run(letters));
        Self {
            lines,
            turn: AtomicUsize::new(0),
            keeper,
        }
    }

    /// Calls one of the replicas.
    pub(crate) async fn call(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let (head, body) = request.into_parts();
        // Ours are single messages, whole at once, so that a call can be made again.
        let body = body.collect().await?.to_bytes();
        let mut attempt = 1;
        loop {
            let line = match self.next() {
                Some(line) => line,
                None => self.first().await?,
            };
            let broken = match line.send(&head, body.clone()).await {
                Ok(answer) => return Ok(answer.map(Body::new)),
                Err(broken) => broken,
            };
            self.tell(Letter::Lost(line.id()));
            let safe = broken.never_left || access::may_repeat(head.uri.path());
            if !safe || attempt == ATTEMPTS {
                return Err(broken.into());
            }
            attempt += 1;
        }
    }

    /// The next line that seems to be up.
    fn next(&self) -> Option<Arc<Line>> {
        let lines = self.lines.load();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        (0..lines.len())
            .filter_map(|further| lines.get(turn.wrapping_add(further) % lines.len()))
            .find(|line| line.is_up())
            .map(Arc::clone)
    }

    /// The first line that comes up, where none is.
    async fn first(&self) -> Result<Arc<Line>, Status> {
        let (answer, answered) = oneshot::channel();
        self.tell(Letter::Wanted(answer));
        answered
            .await
            .unwrap_or_else(|_| Err("nobody looks for replicas any more".to_owned()))
            .map_err(Status::unavailable)
    }

    fn tell(&self, letter: Letter) {
        // It ends with the last sender or with the runtime.
        let _ = self.keeper.send(letter);
    }
}
