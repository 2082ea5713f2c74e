//! Connections to the database, and how statements travel on them, each watched.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{AnyQueryResult, AnyRow, AnyTypeInfo};
use sqlx::pool::PoolConnection;
use sqlx::{
    Any, AnyConnection, AnyPool, Either, Error, Execute, Executor, SqlSafeStr as _, SqlStr, Transaction,
};
use tokio::time::timeout;

use super::statement::Operation;

/// How long a call waits for the pool before it asks anew.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// Whether the server keeps a statement from one execution to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statements {
    /// Under a name, for as long as the connection lives: one round trip a statement.
    Named,
    /// Not at all. A statement is prepared and executed within one transaction, so that it also works where a pooler
    /// gives every transaction another server: four round trips a statement, two within a transaction.
    Unnamed,
}

/// A pool that keeps to one way of stating.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    pub pool: AnyPool,
    pub statements: Statements,
    /// As OpenTelemetry calls the database.
    pub system: &'static str,
}

impl Connections {
    /// A transaction, begun by these words. Dropped without a commit, it leaves nothing.
    pub async fn begin(&self, words: &'static str) -> Result<Change, Error> {
        let begin = Operation::named(self.system, "BEGIN");
        let transaction = begin.answer(async {
            let connection = self.acquire().await?;
            Transaction::begin(connection, Some(words.into_sql_str())).await
        });
        Ok(Change {
            transaction: transaction.await?,
            statements: self.statements,
            system: self.system,
        })
    }
}

impl Connections {
    /// A connection that is free, within the pool's time.
    ///
    /// Where none is, the pool opens another and is not to be moved from that: of a database that has no more to give it
    /// asks again and again, while those that it has are free by now. So it is asked anew after a while.
    async fn acquire(&self) -> Result<PoolConnection<Any>, Error> {
        if self.pool.num_idle() == 0 {
            // One that was left just now is given back by a task of its own.
            tokio::task::yield_now().await;
        }
        let options = self.pool.options();
        if self.pool.size() >= options.get_max_connections() {
            // None is opened: whoever came first has the next that is free.
            return self.pool.acquire().await;
        }
        if let Ok(acquired) = timeout(FIRST_LOOK, self.pool.acquire()).await {
            return acquired;
        }
        let rest = options.get_acquire_timeout().saturating_sub(FIRST_LOOK);
        timeout(rest, self.pool.acquire())
            .await
            .unwrap_or(Err(Error::PoolTimedOut))
    }
}

/// A transaction that writes.
#[derive(Debug)]
pub(super) struct Change {
    transaction: Transaction<'static, Any>,
    statements: Statements,
    system: &'static str,
}

impl Change {
    pub async fn commit(self) -> Result<(), Error> {
        let commit = Operation::named(self.system, "COMMIT");
        commit.answer(self.transaction.commit()).await
    }

    pub async fn rollback(self) -> Result<(), Error> {
        self.transaction.rollback().await
    }

    /// The connection itself, whose statements have names whatever was asked for.
    pub fn connection(&mut self) -> &mut AnyConnection {
        &mut self.transaction
    }

    pub fn statements(&self) -> Statements {
        self.statements
    }
}

type Step = Either<AnyQueryResult, AnyRow>;

impl<'c> Executor<'c> for &'c Connections {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let operation = Operation::statement(self.system);
        let query = operation.query(query, self.statements == Statements::Named);
        let steps = async move {
            let mut connection = self.acquire().await?;
            let steps: Vec<Step> = match self.statements {
                Statements::Named => connection.fetch_many(query).try_collect().await?,
                Statements::Unnamed => {
                    let mut transaction = Transaction::begin(connection, None).await?;
                    let steps = transaction.fetch_many(query).try_collect().await?;
                    transaction.commit().await?;
                    steps
                }
            };
            Ok::<_, Error>(stream::iter(steps.into_iter().map(Ok)))
        };
        operation.rows(stream::once(steps).try_flatten().boxed())
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        match self.statements {
            Statements::Named => {
                let operation = Operation::statement(self.system);
                let query = operation.query(query, true);
                operation.answer(async { self.acquire().await?.fetch_optional(query).await })
            }
            Statements::Unnamed => Box::pin(async move {
                let rows = self.fetch_all(query).await?;
                Ok(rows.into_iter().next())
            }),
        }
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<<Any as sqlx::Database>::Statement, Error>>
    where
        'c: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }
}

impl<'c> Executor<'c> for &'c mut Change {
    type Database = Any;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let operation = Operation::statement(self.system);
        let query = operation.query(query, self.statements == Statements::Named);
        operation.rows(self.transaction.fetch_many(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<AnyRow>, Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Any>,
    {
        let operation = Operation::statement(self.system);
        let query = operation.query(query, self.statements == Statements::Named);
        operation.answer(self.transaction.fetch_optional(query))
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [AnyTypeInfo],
    ) -> BoxFuture<'e, Result<<Any as sqlx::Database>::Statement, Error>>
    where
        'c: 'e,
    {
        self.transaction.prepare_with(sql, parameters)
    }
}
