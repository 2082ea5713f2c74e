//! What `ferrule doctor` asks of a database.

use ferrule_model::Clock;
use ferrule_seal::{KeyRing, SealError};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::master_keys::{CHECK_VALUE, verify};
use crate::store::{Schema, Store, StoreError};

/// What a database says of itself.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// How its schema stands to this version.
    pub schema: Schema,
    /// Whether it takes writes.
    pub takes_writes: bool,
    /// Its clock, and ours before and after it was asked.
    pub clock: (Timestamp, [Timestamp; 2]),
    /// Whether the ring opens it.
    pub keys: Keys,
}

/// What a key ring is to a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It opens it.
    Open,
    /// It does not, and why.
    Other(SealError),
    /// Nothing is sealed there yet.
    New,
    /// No ring was given.
    NotAsked,
}

/// Looks and changes nothing, whether or not a registry is running; `None`: a `SQLite` file that is not there.
pub async fn inspect(
    url: &SecretString,
    ring: Option<&KeyRing>,
    clock: &Clock,
) -> Result<Option<Inspection>, StoreError> {
    let Some(store) = Store::look(url).await? else {
        return Ok(None);
    };
    let schema = store.schema().await?;
    let before = clock.now();
    let theirs = store.now().await?;
    let inspection = Inspection {
        takes_writes: store.takes_writes().await?,
        clock: (theirs, [before, clock.now()]),
        keys: keys(&store, &schema, ring).await?,
        schema,
    };
    store.close().await;
    Ok(Some(inspection))
}

async fn keys(store: &Store, schema: &Schema, ring: Option<&KeyRing>) -> Result<Keys, StoreError> {
    // The check value is in the first migration's tables.
    if schema.missing.contains(&1) || store.check_value(CHECK_VALUE).await?.is_none() {
        return Ok(Keys::New);
    }
    let Some(ring) = ring else {
        return Ok(Keys::NotAsked);
    };
    Ok(match verify(ring, store).await? {
        Ok(()) => Keys::Open,
        Err(error) => Keys::Other(error),
    })
}
