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

    /// The database's own clock, in microseconds since 1970: one clock for all replicas.
    ///
    /// It stands still within a statement; a clock that moves on would keep indexes from being used.
    pub(super) fn now(self) -> &'static str {
        match self {
            Self::Postgres => "(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000)::BIGINT",
            Self::Sqlite => "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
        }
    }

    /// A condition on rows that this select of ids chooses, to be changed; those that another replica is changing are
    /// left to it.
    ///
    /// PostgreSQL evaluates an array once and looks its ids up, where it may join a subquery by reading the whole
    /// table. `SQLite` has one writer at a time.
    pub(super) fn id_claimed_by(self, select: &str) -> String {
        match self {
            Self::Postgres => format!("id = ANY (ARRAY({select} FOR UPDATE SKIP LOCKED))"),
            Self::Sqlite => format!("id IN ({select})"),
        }
    }

    /// As OpenTelemetry calls it.
    pub(super) fn system(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Sqlite => "sqlite",
        }
    }

    /// Whether several processes may share the database at once. A `SQLite` file has one, the holder of the data
    /// directory's lock.
    pub(super) fn is_shared(self) -> bool {
        self == Self::Postgres
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
