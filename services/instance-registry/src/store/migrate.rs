//! Bringing the schema up to date: forward only, one folder for both databases.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Executor as _, SqlSafeStr as _};

use super::connections::Statements;
use super::{Store, StoreError};

/// Every migration, as (version, description, statements). A file, once released, never changes.
pub(super) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "instances",
        include_str!("../../migrations/0001_instances.sql"),
    ),
    (
        2,
        "refreshes",
        include_str!("../../migrations/0002_refreshes.sql"),
    ),
    (3, "audit", include_str!("../../migrations/0003_audit.sql")),
    (
        4,
        "external_authentication",
        include_str!("../../migrations/0004_external_authentication.sql"),
    ),
    (5, "sessions", include_str!("../../migrations/0005_sessions.sql")),
    (
        6,
        "vendor_apps",
        include_str!("../../migrations/0006_vendor_apps.sql"),
    ),
    (
        7,
        "connect_sessions",
        include_str!("../../migrations/0007_connect_sessions.sql"),
    ),
];

/// Applies what is missing, all of it or nothing, one replica at a time.
pub(super) async fn run(store: &Store) -> Result<(), StoreError> {
    let mut transaction = store.begin().await?;
    if let Some(lock) = store.dialect.migration_lock() {
        transaction.execute(lock).await?;
    }
    // The migrator's statements have names, which another client of the same pooler may have used on this server, and
    // would use again.
    if transaction.statements() == Statements::Unnamed {
        transaction.execute("DEALLOCATE ALL").await?;
    }
    migrator()
        .run_direct(None, transaction.connection(), false)
        .await
        .map_err(StoreError::Migrate)?;
    if transaction.statements() == Statements::Unnamed {
        transaction.execute("DEALLOCATE ALL").await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(version, description, statements)| {
        Migration::new(
            version,
            description.into(),
            MigrationType::Simple,
            statements.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    // The transaction holds a lock of its own: sqlx's belongs to the session, which a pooler does not keep.
    migrator.set_locking(false);
    // While replicas are replaced one by one, an older one must still start beside a newer schema.
    migrator.set_ignore_missing(true);
    migrator
}
