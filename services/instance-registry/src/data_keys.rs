//! The data key of an organization, unwrapped when it is needed.

use std::time::Duration;

use ferrule_model::OrganizationId;
use ferrule_seal::DataKey;
use ferrule_wire::Refusal;
use moka::future::Cache;

use crate::errors;
use crate::master_keys::MasterKeys;
use crate::store::Store;

/// An unwrapped key stays in memory no longer than this.
const LIFETIME: Duration = Duration::from_mins(1);
const MOST_KEYS: u64 = 10_000;

/// Data keys, kept for a short while. A rotation rewraps a key and never changes it, so that none goes stale.
#[derive(Clone, Debug)]
pub(crate) struct DataKeys {
    store: Store,
    master: MasterKeys,
    unwrapped: Cache<OrganizationId, DataKey>,
}

impl DataKeys {
    pub(crate) fn new(store: Store, master: MasterKeys) -> Self {
        let unwrapped = Cache::builder()
            .max_capacity(MOST_KEYS)
            .time_to_live(LIFETIME)
            .build();
        Self {
            store,
            master,
            unwrapped,
        }
    }

    /// The organization's key; [`Reason::Sealed`](ferrule_wire::Reason::Sealed) when the ring does not open it.
    pub(crate) async fn of(&self, organization: OrganizationId) -> Result<DataKey, Refusal> {
        let ring = self.master.ring()?;
        if let Some(key) = self.unwrapped.get(&organization).await {
            return Ok(key);
        }
        let row = self
            .store
            .organization(organization)
            .await?
            .ok_or_else(|| Refusal::internal(format!("organization {organization} has no row")))?;
        let key = ring
            .unwrap_data_key(organization, row.data_key.as_str())
            .map_err(|error| errors::unopened(&error, organization, "data key"))?;
        self.unwrapped.insert(organization, key.clone()).await;
        Ok(key)
    }
}
