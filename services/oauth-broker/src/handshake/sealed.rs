//! Records in the store: sealed, and changed by compare-and-set alone.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ferrule_model::{Chance, Clock};
use ferrule_seal::{KeyRing, SealError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio::time::sleep;
use zeroize::Zeroizing;

use super::store::{Durability, Store, StoreError, Ttl};

/// Every lost race means that somebody else moved the record on: more than this is no race.
const ATTEMPTS: usize = 32;
/// How often, a second apart, a record is looked for whose write was given up: a store that was stopped still
/// carries out what it had received.
const WITHDRAWALS: usize = 60;

/// Most records are no longer; others are measured before they are written.
const USUAL_LENGTH: usize = 1024;

/// Sealed records under string keys. Clones share everything.
#[derive(Clone, Debug)]
pub struct SealedStore {
    store: Store,
    ring: watch::Receiver<Arc<KeyRing>>,
    clock: Clock,
    chance: Chance,
}

/// Why a record was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record does not open: altered, moved, or sealed under a key that is gone.
    #[error("a record of the handshake store does not open: {0}")]
    Seal(#[from] SealError),
    /// The record opens and is none of this version's. What the parser says is left out: it may quote a secret.
    #[error("a record of the handshake store has another version's form")]
    Format,
    /// Others kept changing the record.
    #[error("a record of the handshake store is changed by too many at once: try again")]
    Contended,
}

impl RecordError {
    /// Whether the same call may work later with nobody doing anything.
    pub fn is_unavailable(&self) -> bool {
        matches!(
            self,
            Self::Store(StoreError::Unavailable { .. }) | Self::Contended
        )
    }
}

/// What to do with a record that was read, and what to answer once that has happened.
pub(super) enum Decision<R, T> {
    Keep(T),
    Write(R, Ttl, T),
    /// As `Write`, for a new record that must not stand where its writer was told that the write failed.
    Create(R, Ttl, T),
    Remove(T),
}

impl SealedStore {
    /// Seals with the first key of whatever ring the channel holds at the time.
    pub fn new(store: Store, ring: watch::Receiver<Arc<KeyRing>>, clock: Clock, chance: Chance) -> Self {
        Self {
            store,
            ring,
            clock,
            chance,
        }
    }

    /// The store below, to ask whether it is there.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) async fn read<R: DeserializeOwned>(&self, key: &str) -> Result<Option<R>, RecordError> {
        self.store
            .get(key)
            .await?
            .map(|sealed| self.open(key, &sealed))
            .transpose()
    }

    pub(super) async fn put<R: Serialize>(
        &self,
        key: &str,
        record: &R,
        ttl: Duration,
        durability: Durability,
    ) -> Result<(), RecordError> {
        let sealed = self.seal(key, record)?;
        Ok(self.store.put(key, &sealed, ttl, durability).await?)
    }

    /// Reads, decides, and carries the decision out unless the record changed meanwhile: then again.
    pub(super) async fn update<R: Serialize + DeserializeOwned, T>(
        &self,
        key: &str,
        durability: Durability,
        decide: impl Fn(Option<&R>) -> Decision<R, T>,
    ) -> Result<T, RecordError> {
        let mut written: Option<(Vec<u8>, T)> = None;
        for _ in 0..ATTEMPTS {
            let held = self.store.get(key).await?;
            // A connection that broke may have hidden a success. No two sealed texts are equal, so what is
            // held tells.
            if let (Some((sealed, answer)), Some(held)) = (written.take(), &held)
                && sealed == *held
            {
                return Ok(answer);
            }
            let record = held
                .as_ref()
                .map(|sealed| self.open::<R>(key, sealed))
                .transpose()?;
            let decision = decide(record.as_ref());
            let tentative = matches!(decision, Decision::Create(..));
            let (new, ttl, answer) = match decision {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Write(record, ttl, answer) | Decision::Create(record, ttl, answer) => {
                    (Some(self.seal(key, &record)?), ttl, answer)
                }
                Decision::Remove(answer) => (None, Ttl::Keep, answer),
            };
            let expected = held.as_deref();
            let changed = self
                .store
                .compare_and_set(key, expected, new.as_deref(), ttl, durability)
                .await;
            match (changed, new) {
                (Ok(true), _) => return Ok(answer),
                (Ok(false), new) => written = new.map(|sealed| (sealed, answer)),
                (Err(error), Some(sealed)) if tentative => {
                    tokio::spawn(withdraw(self.store.clone(), key.to_owned(), sealed));
                    return Err(error.into());
                }
                (Err(error), _) => return Err(error.into()),
            }
        }
        Err(RecordError::Contended)
    }

    fn seal<R: Serialize>(&self, key: &str, record: &R) -> Result<Vec<u8>, RecordError> {
        // Growing would leave copies of secrets behind, and each byte of the room is wiped.
        let mut plaintext = Zeroizing::new(Vec::with_capacity(USUAL_LENGTH));
        let mut room = Room(&mut plaintext);
        if serde_json::to_writer(&mut room, record).is_err() {
            let mut length = Length(0);
            serde_json::to_writer(&mut length, record).map_err(|_| RecordError::Format)?;
            plaintext = Zeroizing::new(Vec::with_capacity(length.0));
            serde_json::to_writer(&mut *plaintext, record).map_err(|_| RecordError::Format)?;
        }
        let ring = self.ring.borrow().clone();
        Ok(ring.seal_record(&self.chance, key, &plaintext).into_bytes())
    }

    fn open<R: DeserializeOwned>(&self, key: &str, sealed: &[u8]) -> Result<R, RecordError> {
        let sealed = std::str::from_utf8(sealed).map_err(|_| SealError::Malformed)?;
        let ring = self.ring.borrow().clone();
        serde_json::from_slice(&ring.open_record(key, sealed)?).map_err(|_| RecordError::Format)
    }
}

/// Takes what it has room for.
struct Room<'a>(&'a mut Vec<u8>);

impl io::Write for Room<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes the record that a write may yet leave behind. Only that one: no two sealed texts are equal.
async fn withdraw(store: Store, key: String, sealed: Vec<u8>) {
    for _ in 0..WITHDRAWALS {
        sleep(Duration::from_secs(1)).await;
        let removed = store
            .compare_and_set(&key, Some(&sealed), None, Ttl::Keep, Durability::Disk)
            .await;
        if let Ok(true) = removed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::tests::ManualClock;

    #[tokio::test]
    async fn a_record_of_any_length_opens_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let clock = ManualClock::default().clock();
        let store = Store::embedded(directory.path(), clock.clone()).await.unwrap();
        let chance = Chance::system();
        let ring = KeyRing::parse(&KeyRing::generate(&chance, "k")).unwrap();
        let (_keep, ring) = watch::channel(Arc::new(ring));
        let records = SealedStore::new(store, ring, clock, chance);
        for length in [0, USUAL_LENGTH - 2, USUAL_LENGTH - 1, 10 * USUAL_LENGTH] {
            let record = "r".repeat(length);
            let sealed = records.seal("key", &record).unwrap();
            assert!(
                records.open::<String>("key", &sealed).unwrap() == record,
                "{length}"
            );
        }
    }

    #[tokio::test]
    async fn a_withdrawn_record_goes_though_it_arrives_late_and_no_other_does() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::embedded(directory.path(), ManualClock::default().clock())
            .await
            .unwrap();
        let put = |key: &'static str, value: &'static [u8]| {
            let store = store.clone();
            async move {
                store
                    .put(key, value, Duration::from_mins(1), Durability::Process)
                    .await
                    .unwrap();
            }
        };
        put("theirs", b"theirs").await;
        let withdrawals = ["mine", "theirs"]
            .map(|key| tokio::spawn(withdraw(store.clone(), key.to_owned(), b"mine".to_vec())));
        put("mine", b"mine").await;
        let [mine, theirs] = withdrawals;
        mine.await.unwrap();
        assert_eq!(store.get("mine").await.unwrap(), None);
        assert_eq!(store.get("theirs").await.unwrap().unwrap(), b"theirs");
        theirs.abort();
    }
}
