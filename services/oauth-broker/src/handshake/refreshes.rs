//! Answers to refreshes: a sealed second copy of each new pair, until the registry has the first.

use std::fmt;
use std::time::Duration;

use ferrule_model::InstanceId;

use super::outcome::Grant;
use super::sealed::{RecordError, SealedStore};
use super::store::Durability;

/// How long an answer that nobody confirms is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);

/// The answers, each under `refresh:`, its instance and the version that it spent. Clones share one store.
#[derive(Clone, Debug)]
pub struct Refreshes {
    records: SealedStore,
}

/// Names a refresh: the pair whose refresh token it spends. Shown as the key that its answer lies under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SpentPair {
    /// Whose pair it is.
    pub instance: InstanceId,
    /// The version of the pair.
    pub version: i64,
}

impl Refreshes {
    /// Answers in this store.
    pub fn new(records: SealedStore) -> Self {
        Self { records }
    }

    /// Keeps the new pair, on the disk, for seven days or until [`Refreshes::erase`]. Of two the later one stands.
    pub async fn keep(&self, spent: SpentPair, grant: &Grant) -> Result<(), RecordError> {
        self.records
            .put(&spent.to_string(), grant, KEPT, Durability::Disk)
            .await
    }

    /// The pair that waits; `None`: none was kept, or it was erased.
    pub async fn find(&self, spent: SpentPair) -> Result<Option<Grant>, RecordError> {
        self.records.read(&spent.to_string()).await
    }

    /// Erases it. Nothing to erase is no error.
    pub async fn erase(&self, spent: SpentPair) -> Result<(), RecordError> {
        Ok(self.records.store().delete(&spent.to_string()).await?)
    }
}

impl fmt::Display for SpentPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refresh:{}:{}", self.instance, self.version)
    }
}
