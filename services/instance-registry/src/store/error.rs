//! What can go wrong between the registry and its rows.

/// A statement that gave no answer. Never holds the database's URL or a stored value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The URL names no database that Ferrule knows, or is malformed.
    #[error("the database URL is no postgres:// or sqlite:// URL: {0}")]
    Url(&'static str),
    /// The database cannot be reached, is starting, full or busy: the same call may succeed later.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The database refused the statement.
    #[error("the database refused: {0}")]
    Refused(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database schema could not be brought up to date: {0}")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A row holds what this version of Ferrule never writes.
    #[error("bad row: {table}.{column} {reason}")]
    BadRow {
        /// The row's table.
        table: &'static str,
        /// The column that cannot be read.
        column: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A secret's digest is already somebody else's.
    #[error("this secret is already in use")]
    SecretInUse,
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// A written secret's digest must be nobody else's.
    pub(super) fn unless_in_use<T>(done: Result<T, sqlx::Error>) -> Result<T, Self> {
        done.map_err(|error| {
            let taken = error
                .as_database_error()
                .is_some_and(sqlx::error::DatabaseError::is_unique_violation);
            if taken { Self::SecretInUse } else { error.into() }
        })
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let transient = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::BeginFailed => true,
            sqlx::Error::Database(database) => database.code().is_some_and(|code| passes(&code)),
            _ => false,
        };
        if transient {
            Self::Unavailable(error)
        } else {
            Self::Refused(error)
        }
    }
}

/// Whether a database's code names a trouble that passes.
///
/// `PostgreSQL`, appendix A of its manual, five characters: connection exceptions (08), serialization failure and
/// deadlock (40), insufficient resources (53), operator intervention (57), and a read-only server (25006), as met
/// after a failover. `SQLite`, a number whose low byte counts: busy (5), locked (6), I/O error (10), full (13).
fn passes(code: &str) -> bool {
    if code.len() == 5 {
        return code == "25006"
            || ["08", "40", "53", "57"]
                .iter()
                .any(|class| code.starts_with(class));
    }
    code.parse::<u32>()
        .is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn troubles_that_pass_are_told_from_refusals() {
        for code in [
            "08006", "40001", "40P01", "53300", "57P01", "25006", "5", "261", "517", "6", "10", "778", "13",
        ] {
            assert!(passes(code), "{code}");
        }
        for code in [
            "23505", "23503", "22021", "42P01", "2067", "1555", "787", "1", "26",
        ] {
            assert!(!passes(code), "{code}");
        }
    }
}
