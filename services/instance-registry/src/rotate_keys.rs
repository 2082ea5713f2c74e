//! `ferrule keys rotate`: every data key and the check value under the ring's first key.

use ferrule_model::{Chance, OrganizationId};
use ferrule_seal::{KeyRing, SealError};

use crate::master_keys::{CHECK_VALUE, verify};
use crate::store::{OrganizationRow, Sealed, Store, StoreError};

const PAGE: u32 = 500;

/// What a rotation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Data keys wrapped anew.
    pub rewrapped: u64,
    /// Data keys that were under the first key already.
    pub current: u64,
    /// Whether the check value was wrapped anew.
    pub check_value_rewrapped: bool,
}

/// A rotation that did not reach its end; it may be run again.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The ring is not this database's.
    #[error("the key ring does not open this database: {0}")]
    WrongRing(SealError),
    /// A data key does not open.
    #[error("the data key of organization {organization} does not open: {cause}")]
    DataKey {
        /// Whose.
        organization: OrganizationId,
        /// Why.
        cause: SealError,
    },
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Wraps every organization's data key, and then the check value, under the ring's first key, by compare-and-set.
///
/// Safe while the registry serves, and by several at once. What the data keys seal is not touched.
pub async fn rotate_keys(store: &Store, ring: &KeyRing, chance: &Chance) -> Result<Rotation, RotateError> {
    verify(ring, store).await?.map_err(RotateError::WrongRing)?;
    let mut rotation = Rotation::default();
    let mut after = OrganizationId(0);
    loop {
        let page = store.organizations_after(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for row in page {
            if rewrap_data_key(store, ring, chance, row).await? {
                rotation.rewrapped += 1;
            } else {
                rotation.current += 1;
            }
        }
    }
    rotation.check_value_rewrapped = rewrap_check_value(store, ring, chance).await?;
    tracing::info!(
        event = "keys_rotated",
        rewrapped = rotation.rewrapped,
        "the data keys are under the first key"
    );
    Ok(rotation)
}

/// Whether the key was wrapped anew here; not, when it was so already or somebody else did it meanwhile.
async fn rewrap_data_key(
    store: &Store,
    ring: &KeyRing,
    chance: &Chance,
    mut row: OrganizationRow,
) -> Result<bool, RotateError> {
    loop {
        let rewrapped = ring
            .rewrap_data_key(chance, row.id, row.data_key.as_str())
            .map_err(|cause| RotateError::DataKey {
                organization: row.id,
                cause,
            })?;
        let Some(rewrapped) = rewrapped else {
            return Ok(false);
        };
        if store
            .replace_data_key(row.id, &row.data_key, &Sealed::new(rewrapped))
            .await?
        {
            return Ok(true);
        }
        match store.organization(row.id).await? {
            Some(again) => row = again,
            None => return Ok(false),
        }
    }
}

async fn rewrap_check_value(store: &Store, ring: &KeyRing, chance: &Chance) -> Result<bool, RotateError> {
    while let Some(old) = store.check_value(CHECK_VALUE).await? {
        let rewrapped = ring
            .rewrap_check_value(chance, old.as_str())
            .map_err(RotateError::WrongRing)?;
        let Some(rewrapped) = rewrapped else {
            return Ok(false);
        };
        if store
            .replace_check_value(CHECK_VALUE, &old, &Sealed::new(rewrapped))
            .await?
        {
            return Ok(true);
        }
    }
    Ok(false)
}
