//! What PostgreSQL and SQLite say differently.

use std::borrow::Cow;

/// Which database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Postgres,
    Sqlite,
}

impl Dialect {
    /// The database that a URL names; `None`: neither.
    pub(super) fn of(url: &str) -> Option<Self> {
        match url.split_once(':')?.0 {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }

    /// Begins a transaction that writes.
    ///
    /// On PostgreSQL `ON CONFLICT DO NOTHING` must wait for the other writer and then see its row, which only
    /// READ COMMITTED gives. SQLite must take its write lock at once: a reader that turns writer is refused.
    pub(super) fn begin(self) -> &'static str {
        match self {
            Self::Postgres => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Self::Sqlite => "BEGIN IMMEDIATE",
        }
    }

    /// What keeps other replicas from migrating until this transaction ends; SQLite's transaction does so itself.
    ///
    /// The lock belongs to the transaction, not to the session, so that it also holds behind a pooler.
    pub(super) fn migration_lock(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("SELECT pg_advisory_xact_lock(7310579631)"),
            Self::Sqlite => None,
        }
    }

    /// What a new connection is told first. Nothing on PostgreSQL: a pooler would forget it.
    pub(super) fn on_connect(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &[],
            Self::Sqlite => &[
                "PRAGMA busy_timeout = 5000",
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = FULL",
                "PRAGMA foreign_keys = ON",
            ],
        }
    }
}

/// Text that both databases can hold: PostgreSQL's has no NUL, which U+FFFD replaces.
pub(super) fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{FFFD}"))
    } else {
        Cow::Borrowed(text)
    }
}
