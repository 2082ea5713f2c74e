//! One statement, watched: a span of its own, and how long it took. No value of a statement is told.

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt as _, StreamExt as _};
use sqlx::error::BoxDynError;
use sqlx::{Any, Execute, SqlStr};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

/// Measures statements, begins and commits among them, with the time they wait for a connection.
pub(crate) const SECONDS: &str = "ferrule_database_seconds";

/// What is under way at the database, until it is dropped.
#[derive(Debug)]
pub(super) struct Operation {
    span: Span,
    began: Instant,
}

impl Operation {
    /// One whose name is not known before it is sent.
    pub fn statement(system: &'static str) -> Self {
        let span = tracing::info_span!(
            target: "ferrule_trace",
            "sql",
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = tracing::field::Empty,
        );
        let began = Instant::now();
        Self { span, began }
    }

    /// One of this name.
    pub fn named(system: &'static str, name: &str) -> Self {
        let operation = Self::statement(system);
        operation.span.record("db.operation.name", name);
        operation
    }

    /// The query, which tells its name once it is sent; `persistent`: it may be kept on the server.
    pub fn query<Q>(&self, query: Q, persistent: bool) -> Stated<Q> {
        Stated {
            query,
            persistent,
            span: self.span.clone(),
        }
    }

    /// What its rows come by.
    pub fn rows<'e, T: 'e>(self, mut rows: BoxStream<'e, T>) -> BoxStream<'e, T> {
        stream::poll_fn(move |context| self.span.in_scope(|| rows.poll_next_unpin(context))).boxed()
    }

    /// What its one answer comes by.
    pub fn answer<'e, T>(self, answer: impl Future<Output = T> + Send + 'e) -> BoxFuture<'e, T> {
        async move {
            let answer = answer.instrument(self.span.clone()).await;
            drop(self);
            answer
        }
        .boxed()
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        metrics::histogram!(SECONDS).record(self.began.elapsed());
    }
}

/// A query under way.
pub(super) struct Stated<Q> {
    query: Q,
    persistent: bool,
    span: Span,
}

impl<'q, Q: Execute<'q, Any>> Execute<'q, Any> for Stated<Q> {
    fn sql(self) -> SqlStr {
        let sql = self.query.sql();
        let word = sql.as_str().split_whitespace().next();
        self.span.record("db.operation.name", word.unwrap_or_default());
        sql
    }

    fn statement(&self) -> Option<&<Any as sqlx::Database>::Statement> {
        self.query.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<<Any as sqlx::Database>::Arguments>, BoxDynError> {
        self.query.take_arguments()
    }

    fn persistent(&self) -> bool {
        self.persistent && self.query.persistent()
    }
}
