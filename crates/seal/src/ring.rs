//! The key ring: the master keys, the first of which seals.

use std::fmt;
use std::sync::Arc;

use ferrule_model::Chance;
use zeroize::Zeroizing;

use crate::SealError;
use crate::key::{Key, Purpose};
use crate::sealed_text::SealedText;

/// The master keys. Cheap to clone: the keys stay in one place in memory, and are wiped with the last clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Ring>);

struct Ring {
    /// Seals; opens too.
    first: Key,
    /// Open only.
    others: Vec<Key>,
}

impl KeyRing {
    pub(crate) fn new(first: Key, others: Vec<Key>) -> Self {
        Self(Arc::new(Ring { first, others }))
    }

    /// The id of the key that seals.
    pub fn sealing_key_id(&self) -> &str {
        &self.0.first.id
    }

    /// The ids of all keys, the sealing one first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.keys().map(|key| key.id.as_str())
    }

    /// Seals under the first key.
    pub(crate) fn seal(
        &self,
        chance: &Chance,
        purpose: Purpose,
        place: &[&[u8]],
        plaintext: &[u8],
    ) -> String {
        self.0.first.seal(chance, purpose, place, plaintext)
    }

    /// Opens with the key that the text names.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        place: &[&[u8]],
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let sealed = SealedText::parse(sealed)?;
        self.keys()
            .find(|key| key.id == sealed.key_id)
            .ok_or_else(|| SealError::UnknownKey {
                id: sealed.key_id.to_owned(),
            })?
            .open(purpose, place, &sealed)
    }

    /// Seals anew under the first key; `None` when it is so already. The text is opened either way.
    pub(crate) fn rewrap(
        &self,
        chance: &Chance,
        purpose: Purpose,
        place: &[&[u8]],
        sealed: &str,
    ) -> Result<Option<String>, SealError> {
        let plaintext = self.open(purpose, place, sealed)?;
        let current = SealedText::parse(sealed)?.key_id == self.sealing_key_id();
        Ok((!current).then(|| self.seal(chance, purpose, place, &plaintext)))
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.0.first).chain(&self.0.others)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyRing ")?;
        f.debug_list().entries(self.ids()).finish()
    }
}
