//! The embedded form: one fjall keyspace in a directory. Every write is in the operating system's hands
//! before it is acknowledged, and on the disk where that is asked for.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ferrule_model::Clock;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use jiff::Timestamp;

use super::store::{Durability, StoreError, Ttl};

/// How often entries whose time is over are removed.
const SWEEP: Duration = Duration::from_mins(1);
const MIB: u64 = 1024 * 1024;

/// The store in a directory of its own. When the last clone is dropped, the directory can be opened again.
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Inner>);

struct Inner {
    shown: Arc<str>,
    database: Database,
    entries: Keyspace,
    /// Held from read to write, so that nothing comes between.
    writing: Mutex<()>,
    clock: Clock,
}

impl EmbeddedStore {
    /// See [`super::Store::embedded`].
    pub(super) async fn open(directory: &Path, clock: Clock) -> Result<Self, StoreError> {
        let shown: Arc<str> = format!("the handshake file in {}", directory.display()).into();
        let directory = directory.to_owned();
        let opened = tokio::task::spawn_blocking(move || {
            let database = Database::builder(&directory)
                .worker_threads(1)
                .cache_size(2 * MIB)
                .max_journaling_size(128 * MIB)
                .open()?;
            let options = || KeyspaceCreateOptions::default().max_memtable_size(4 * MIB);
            let entries = database.keyspace("records", options)?;
            Ok((database, entries))
        });
        let (database, entries) = settle(&shown, opened.await)?;
        let store = Self(Arc::new(Inner {
            shown,
            database,
            entries,
            writing: Mutex::default(),
            clock,
        }));
        tokio::spawn(sweep_now_and_then(Arc::downgrade(&store.0)));
        Ok(store)
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let key = key.to_owned();
        self.blocking(move |inner| {
            let Some(entry) = inner.read(&key)? else {
                return Ok(None);
            };
            if !entry.is_over(inner.clock.now()) {
                return Ok(Some(entry.value));
            }
            inner.remove_if_over(&key)?;
            Ok(None)
        })
        .await
    }

    pub(super) async fn put(
        &self,
        key: &str,
        value: &[u8],
        ttl: Duration,
        durability: Durability,
    ) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.blocking(move |inner| {
            {
                let _writing = inner.lock();
                let over_at = inner.over_at(ttl);
                inner.write(&key, &Entry { over_at, value })?;
            }
            inner.persist(durability)
        })
        .await
    }

    pub(super) async fn compare_and_set(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        new: Option<&[u8]>,
        ttl: Ttl,
        durability: Durability,
    ) -> Result<bool, StoreError> {
        let (key, expected, new) = (
            key.to_owned(),
            expected.map(<[u8]>::to_vec),
            new.map(<[u8]>::to_vec),
        );
        self.blocking(move |inner| {
            {
                let _writing = inner.lock();
                let held = inner
                    .read(&key)?
                    .filter(|entry| !entry.is_over(inner.clock.now()));
                if held.as_ref().map(|entry| &entry.value) != expected.as_ref() {
                    return Ok(false);
                }
                let over_at = match ttl {
                    Ttl::Keep => held.map_or(i64::MAX, |entry| entry.over_at),
                    Ttl::Set(ttl) => inner.over_at(ttl),
                };
                match new {
                    Some(value) => inner.write(&key, &Entry { over_at, value })?,
                    None => inner.entries.remove(key.as_str())?,
                }
            }
            inner.persist(durability)?;
            Ok(true)
        })
        .await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.blocking(move |inner| {
            let _writing = inner.lock();
            inner.entries.remove(key.as_str())
        })
        .await
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.blocking(|inner| inner.database.persist(PersistMode::Buffer))
            .await
    }

    /// Runs where a slow disk stops no other task.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> fjall::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&inner)).await;
        settle(&self.0.shown, done)
    }
}

impl std::fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedStore({})", self.0.shown)
    }
}

fn settle<T>(
    shown: &Arc<str>,
    done: Result<fjall::Result<T>, tokio::task::JoinError>,
) -> Result<T, StoreError> {
    let unavailable = |why: String| StoreError::Unavailable {
        store: shown.clone(),
        why,
    };
    match done {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(fjall::Error::Locked)) => Err(unavailable("another process has it open".to_owned())),
        Ok(Err(error)) => Err(unavailable(error.to_string())),
        Err(_) => Err(unavailable("the process is stopping".to_owned())),
    }
}

/// A value behind the moment its time is over, in microseconds since 1970.
struct Entry {
    over_at: i64,
    value: Vec<u8>,
}

impl Entry {
    fn is_over(&self, now: Timestamp) -> bool {
        self.over_at <= now.as_microsecond()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (over_at, value) = bytes.split_first_chunk()?;
        Some(Self {
            over_at: i64::from_be_bytes(*over_at),
            value: value.to_owned(),
        })
    }
}

impl Inner {
    /// The lock guards no data of its own, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn over_at(&self, ttl: Duration) -> i64 {
        let ttl = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX);
        self.clock.now().as_microsecond().saturating_add(ttl)
    }

    fn read(&self, key: &str) -> fjall::Result<Option<Entry>> {
        Ok(self.entries.get(key)?.and_then(|bytes| Entry::from_bytes(&bytes)))
    }

    fn write(&self, key: &str, entry: &Entry) -> fjall::Result<()> {
        let bytes = [&entry.over_at.to_be_bytes()[..], &entry.value].concat();
        self.entries.insert(key, bytes)
    }

    fn persist(&self, durability: Durability) -> fjall::Result<()> {
        match durability {
            Durability::Process => Ok(()),
            Durability::Disk => self.database.persist(PersistMode::SyncAll),
        }
    }

    fn remove_if_over(&self, key: &str) -> fjall::Result<()> {
        let _writing = self.lock();
        match self.read(key)? {
            Some(entry) if entry.is_over(self.clock.now()) => self.entries.remove(key),
            _ => Ok(()),
        }
    }

    fn sweep(&self) -> fjall::Result<()> {
        let now = self.clock.now();
        for entry in self.entries.iter() {
            let (key, bytes) = entry.into_inner()?;
            let over = Entry::from_bytes(&bytes).is_some_and(|entry| entry.is_over(now));
            if let (true, Ok(key)) = (over, std::str::from_utf8(&key)) {
                self.remove_if_over(key)?;
            }
        }
        Ok(())
    }
}

/// Ends when the store is dropped.
async fn sweep_now_and_then(store: Weak<Inner>) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let Some(inner) = store.upgrade() else { return };
        let store = EmbeddedStore(inner);
        if let Err(error) = store.blocking(Inner::sweep).await {
            tracing::warn!(%error, "expired handshakes stay until the next sweep");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::tests::ManualClock;

    #[tokio::test]
    async fn the_sweep_removes_what_is_over_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        let store = EmbeddedStore::open(directory.path(), clock.clock())
            .await
            .unwrap();
        for (key, seconds) in [("short", 10), ("long", 1000)] {
            store
                .put(key, b"x", Duration::from_secs(seconds), Durability::Process)
                .await
                .unwrap();
        }
        clock.advance(Duration::from_secs(11));
        store.blocking(Inner::sweep).await.unwrap();
        assert_eq!(store.0.entries.len().unwrap(), 1);
        assert_eq!(store.get("long").await.unwrap().as_deref(), Some(&b"x"[..]));
    }
}
