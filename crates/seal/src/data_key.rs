//! The data key of an organization: made, wrapped by the ring, and what it seals.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::{Chance, OrganizationId};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use zeroize::Zeroizing;

use crate::key::{KEY_BYTES, Key, Purpose, derive};
use crate::sealed_text::SealedText;
use crate::{KeyRing, SealError};

/// Seals the values of one organization. Cheap to clone, and wiped with the last clone.
#[derive(Clone)]
pub struct DataKey(Arc<Key>);

/// Where a value lives. A sealed value opens at its own place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The organization that owns the value.
    pub organization: OrganizationId,
    /// The row within the organization: its kind and its id.
    pub record: &'a str,
    /// The field of that row.
    pub field: &'a str,
}

impl KeyRing {
    /// A new data key for this organization, and its text wrapped under the first key, to be stored.
    pub fn new_data_key(&self, chance: &Chance, organization: OrganizationId) -> (DataKey, String) {
        let data_key = DataKey::from_bytes(&chance.bytes::<KEY_BYTES>());
        let wrapped = self.seal(
            chance,
            Purpose::DataKey,
            &[&organization.0.to_be_bytes()],
            data_key.0.bytes(),
        );
        (data_key, wrapped)
    }

    /// The data key in a wrapped text.
    pub fn unwrap_data_key(&self, organization: OrganizationId, wrapped: &str) -> Result<DataKey, SealError> {
        let bytes = self.open(Purpose::DataKey, &[&organization.0.to_be_bytes()], wrapped)?;
        Ok(DataKey::from_bytes(
            bytes.as_slice().try_into().map_err(|_| SealError::Malformed)?,
        ))
    }

    /// The same data key wrapped under the first key; `None` when it is so already.
    ///
    /// The text is opened either way, so that a rotation also finds what is damaged.
    pub fn rewrap_data_key(
        &self,
        chance: &Chance,
        organization: OrganizationId,
        wrapped: &str,
    ) -> Result<Option<String>, SealError> {
        self.rewrap(
            chance,
            Purpose::DataKey,
            &[&organization.0.to_be_bytes()],
            wrapped,
        )
    }
}

impl DataKey {
    fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Self {
        let id = URL_SAFE_NO_PAD.encode(derive::<8>(bytes, Purpose::DataKeyId, &[]));
        Self(Arc::new(Key::new(
            id,
            SecretBox::init_with_mut(|own| *own = *bytes),
        )))
    }

    /// The key's id, as it stands in what it sealed: derived from the key, and no secret.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Seals a value for its place.
    pub fn seal(&self, chance: &Chance, place: &Place<'_>, plaintext: &[u8]) -> String {
        place.with_fields(|fields| self.0.seal(chance, Purpose::Value, fields, plaintext))
    }

    /// Opens a value at its place.
    pub fn open(&self, place: &Place<'_>, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let sealed = SealedText::parse(sealed)?;
        place.with_fields(|fields| self.0.open(Purpose::Value, fields, &sealed))
    }

    /// Seals a secret text for its place.
    pub fn seal_str(&self, chance: &Chance, place: &Place<'_>, secret: &SecretString) -> String {
        self.seal(chance, place, secret.expose_secret().as_bytes())
    }

    /// Opens a secret text at its place; [`SealError::Malformed`] when what was sealed is no UTF-8.
    pub fn open_str(&self, place: &Place<'_>, sealed: &str) -> Result<SecretString, SealError> {
        let opened = self.open(place, sealed)?;
        std::str::from_utf8(&opened)
            .map(SecretString::from)
            .map_err(|_| SealError::Malformed)
    }
}

impl Place<'_> {
    fn with_fields<T>(&self, work: impl FnOnce(&[&[u8]]) -> T) -> T {
        work(&[
            &self.organization.0.to_be_bytes(),
            self.record.as_bytes(),
            self.field.as_bytes(),
        ])
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DataKey").field(&self.id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        organization: OrganizationId(7),
        record: "instance/1",
        field: "token",
    };

    #[test]
    fn debug_shows_the_id_alone() {
        let key = DataKey::from_bytes(&[0xab; KEY_BYTES]);
        assert_eq!(format!("{key:?}"), format!("DataKey({:?})", key.id()));
        assert_eq!(key.id().len(), 11);
    }

    #[test]
    fn a_wrapped_text_of_another_length_is_no_data_key() {
        let chance = Chance::system();
        let ring = KeyRing::parse(&KeyRing::generate(&chance, "k")).unwrap();
        let wrapped = ring.seal(
            &chance,
            Purpose::DataKey,
            &[&PLACE.organization.0.to_be_bytes()],
            b"short",
        );
        assert_eq!(
            ring.unwrap_data_key(PLACE.organization, &wrapped).err(),
            Some(SealError::Malformed)
        );
    }

    #[test]
    fn bytes_that_are_no_text_do_not_open_as_text() {
        let chance = Chance::system();
        let key = DataKey::from_bytes(&chance.bytes::<KEY_BYTES>());
        let sealed = key.seal(&chance, &PLACE, &[0xff]);
        assert_eq!(key.open_str(&PLACE, &sealed).err(), Some(SealError::Malformed));
        assert_eq!(key.open(&PLACE, &sealed).unwrap().as_slice(), [0xff]);
    }
}
