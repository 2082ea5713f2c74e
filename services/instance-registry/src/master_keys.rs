//! The key ring in force, and whether it is this database's.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ferrule_model::{Chance, Digest};
use ferrule_seal::{KeyRing, SealError};
use ferrule_wire::Refusal;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use crate::errors;
use crate::store::{Sealed, Store, StoreError};

/// The name of the one check value.
pub(crate) const CHECK_VALUE: &str = "master";

const WATCH_INTERVAL: Duration = Duration::from_secs(30);

/// The ring in force. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct MasterKeys(Arc<RwLock<Held>>);

#[derive(Debug)]
struct Held {
    ring: KeyRing,
    /// Why the ring does not open the database; `None`: it does.
    sealed: Option<String>,
}

impl MasterKeys {
    /// Takes a ring, and proves it against the database's check value, which a new database gets now.
    pub(crate) async fn open(ring: KeyRing, store: &Store, chance: &Chance) -> Result<Self, StoreError> {
        let fresh = Sealed::new(ring.new_check_value(chance));
        store.insert_check_value(CHECK_VALUE, &fresh).await?;
        let sealed = verify(&ring, store).await?.err().map(|error| error.to_string());
        if let Some(why) = &sealed {
            tracing::error!(event = "sealed", why, "the key ring does not open this database");
        }
        Ok(Self(Arc::new(RwLock::new(Held { ring, sealed }))))
    }

    /// The ring, unless it is not this database's.
    pub(crate) fn ring(&self) -> Result<KeyRing, Refusal> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match held.sealed {
            None => Ok(held.ring.clone()),
            Some(_) => Err(errors::sealed()),
        }
    }

    /// Whether the ring opens the database as it is now: a rotation elsewhere may have gone past this ring.
    pub(crate) async fn proven(&self, store: &Store) -> Result<(), String> {
        let ring = self.0.read().unwrap_or_else(PoisonError::into_inner).ring.clone();
        verify(&ring, store)
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("sealed: {error}"))
    }

    /// Takes another ring if it opens the database; otherwise the one in force stays. Whether it was taken.
    pub(crate) async fn adopt(&self, ring: KeyRing, store: &Store) -> Result<bool, StoreError> {
        if let Err(error) = verify(&ring, store).await? {
            tracing::error!(event = "key_ring_refused", why = %error, "the new key ring does not open this database");
            return Ok(false);
        }
        tracing::info!(event = "key_ring", ring = ?ring, "the key ring was read anew");
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Held { ring, sealed: None };
        Ok(true)
    }

    /// Reads the ring's file every 30 s and takes what has changed, until `stopping`.
    pub(crate) async fn watch(self, file: PathBuf, store: Store, stopping: CancellationToken) {
        let mut seen = None;
        while tokio::time::timeout(WATCH_INTERVAL, stopping.cancelled())
            .await
            .is_err()
        {
            let text: SecretString = match tokio::fs::read_to_string(&file).await {
                Ok(text) => text.into(),
                Err(error) => {
                    tracing::warn!(event = "key_ring_refused", why = %error, "the key ring's file cannot be read");
                    continue;
                }
            };
            let digest = Digest::of(text.expose_secret());
            if seen == Some(digest) {
                continue;
            }
            let ring = match KeyRing::parse(&text) {
                Ok(ring) => ring,
                Err(error) => {
                    tracing::error!(event = "key_ring_refused", why = %error, "the key ring's file cannot be used");
                    continue;
                }
            };
            match self.adopt(ring, &store).await {
                Ok(_) => seen = Some(digest),
                Err(error) => {
                    tracing::warn!(event = "database_away", cause = %error, "the key ring stays for now");
                }
            }
        }
    }
}

/// Whether this ring opens the database's check value.
pub(crate) async fn verify(ring: &KeyRing, store: &Store) -> Result<Result<(), SealError>, StoreError> {
    let check_value = store.check_value(CHECK_VALUE).await?;
    Ok(check_value
        .ok_or(SealError::Malformed)
        .and_then(|value| ring.verify_check_value(value.as_str())))
}

#[cfg(test)]
mod tests {
    use ferrule_wire::Reason;
    use tempfile::TempDir;

    use super::*;
    use crate::store::StoreOptions;

    #[tokio::test]
    async fn the_right_ring_unseals_and_a_foreign_one_changes_nothing() {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}/registry.db", folder.path().display()).into();
        let store = Store::open(&url, &StoreOptions::default()).await.unwrap();
        let chance = Chance::system();
        let ring = |id| KeyRing::parse(&KeyRing::generate(&chance, id)).unwrap();
        let (ours, foreign) = (ring("k1"), ring("k2"));

        let keys = MasterKeys::open(ours.clone(), &store, &chance).await.unwrap();
        assert!(!keys.adopt(foreign.clone(), &store).await.unwrap());
        assert_eq!(keys.ring().unwrap().sealing_key_id(), "k1");

        let keys = MasterKeys::open(foreign, &store, &chance).await.unwrap();
        assert_eq!(keys.ring().unwrap_err().reason, Reason::Sealed);
        assert!(keys.proven(&store).await.is_err());
        assert!(keys.adopt(ours, &store).await.unwrap());
        assert_eq!(keys.ring().unwrap().sealing_key_id(), "k1");
        assert_eq!(keys.proven(&store).await, Ok(()));
    }
}
