//! Connections to the database, and how statements travel on them, each watched.

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::any::{AnyQueryResult, AnyRow, AnyTypeInfo};
use sqlx::{Any, AnyConnection, AnyPool, Either, Error, Execute, Executor, SqlStr, Transaction};

use super::statement::Operation;

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
        Ok(Change {
            transaction: begin.answer(self.pool.begin_with(words)).await?,
            statements: self.statements,
            system: self.system,
        })
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
        operation.rows(match self.statements {
            Statements::Named => self.pool.fetch_many(query),
            Statements::Unnamed => {
                let steps = async move {
                    let mut transaction = self.pool.begin().await?;
                    let steps: Vec<Step> = transaction.fetch_many(query).try_collect().await?;
                    transaction.commit().await?;
                    Ok::<_, Error>(stream::iter(steps.into_iter().map(Ok)))
                };
                stream::once(steps).try_flatten().boxed()
            }
        })
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
                operation.answer(self.pool.fetch_optional(query))
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
