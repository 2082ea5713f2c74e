//! A 256-bit key with an id, and the one way in which it seals and opens.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use ferrule_model::Chance;
use secrecy::{ExposeSecret as _, SecretBox};
use zeroize::Zeroizing;

use crate::SealError;
use crate::sealed_text::{self, SALT_BYTES, SealedText, TAG_BYTES};

pub(crate) const KEY_BYTES: usize = 32;

/// What a derived key is for; part of every derivation.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// A value of an organization, under its data key.
    Value,
    /// A data key, under a master key.
    DataKey,
    /// The id of a data key, from the data key.
    DataKeyId,
    /// A broker's record, under a master key.
    Record,
    /// The database's check value, under a master key.
    CheckValue,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Value => b"value",
            Self::DataKey => b"data key",
            Self::DataKeyId => b"data key id",
            Self::Record => b"record",
            Self::CheckValue => b"check value",
        }
    }
}

/// A master key or a data key. It is never used as a cipher key itself: everything is derived from it.
pub(crate) struct Key {
    pub(crate) id: String,
    bytes: SecretBox<[u8; KEY_BYTES]>,
}

impl Key {
    pub(crate) fn new(id: String, bytes: SecretBox<[u8; KEY_BYTES]>) -> Self {
        Self { id, bytes }
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        self.bytes.expose_secret()
    }

    /// Seals `plaintext` for this purpose and place.
    pub(crate) fn seal(
        &self,
        chance: &Chance,
        purpose: Purpose,
        place: &[&[u8]],
        plaintext: &[u8],
    ) -> String {
        let header = sealed_text::header(&self.id);
        let salt = chance.bytes::<SALT_BYTES>();
        // Sized once: a buffer that grew would leave plaintext behind.
        let mut body = Zeroizing::new(Vec::with_capacity(SALT_BYTES + plaintext.len() + TAG_BYTES));
        body.extend_from_slice(salt.as_slice());
        body.extend_from_slice(plaintext);
        let (cipher, nonce) = cipher(self.bytes(), purpose, &salt);
        let associated = Aad::from(associated_data(&header, place));
        #[expect(
            clippy::expect_used,
            reason = "sealing fails only past 64 GiB, and no plaintext is that long"
        )]
        let tag = cipher
            .seal_in_place_separate_tag(nonce, associated, &mut body[SALT_BYTES..])
            .expect("the plaintext is shorter than 64 GiB");
        body.extend_from_slice(tag.as_ref());
        sealed_text::write(&header, &body)
    }

    /// Opens what [`Key::seal`] made for the same purpose and place.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        place: &[&[u8]],
        sealed: &SealedText<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.key_id != self.id {
            return Err(SealError::UnknownKey {
                id: sealed.key_id.to_owned(),
            });
        }
        let (cipher, nonce) = cipher(self.bytes(), purpose, &sealed.salt);
        let associated = Aad::from(associated_data(sealed.header, place));
        let mut plaintext = Zeroizing::new(vec![0; sealed.ciphertext.len()]);
        cipher
            .open_separate_gather(nonce, associated, &sealed.ciphertext, &sealed.tag, &mut plaintext)
            .map_err(|_| SealError::Integrity)?;
        Ok(plaintext)
    }
}

/// `N` bytes by HKDF-SHA256 (RFC 5869): extracted with the salt, expanded for the purpose.
pub(crate) fn derive<const N: usize>(
    key: &[u8; KEY_BYTES],
    purpose: Purpose,
    salt: &[u8],
) -> Zeroizing<[u8; N]> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut derived = Zeroizing::new([0; N]);
    #[expect(
        clippy::expect_used,
        reason = "HKDF refuses only more than 255 × 32 bytes, and N is far below"
    )]
    Salt::new(HKDF_SHA256, salt)
        .extract(key)
        .expand(&[b"ferrule seal v1 ", purpose.label()], Length(N))
        .and_then(|okm| okm.fill(derived.as_mut_slice()))
        .expect("N bytes can be derived");
    derived
}

/// One value's own cipher and nonce.
fn cipher(key: &[u8; KEY_BYTES], purpose: Purpose, salt: &[u8; SALT_BYTES]) -> (LessSafeKey, Nonce) {
    let derived = derive::<{ KEY_BYTES + NONCE_LEN }>(key, purpose, salt);
    let (cipher_key, nonce) = derived.split_at(KEY_BYTES);
    #[expect(clippy::expect_used, reason = "both lengths are constants")]
    let parts = UnboundKey::new(&AES_256_GCM, cipher_key)
        .and_then(|cipher_key| {
            Ok((
                LessSafeKey::new(cipher_key),
                Nonce::try_assume_unique_for_key(nonce)?,
            ))
        })
        .expect("the key has 32 bytes and the nonce 12");
    parts
}

/// Header and place, each field behind its length, so that no two lists of fields read alike.
fn associated_data(header: &str, place: &[&[u8]]) -> Vec<u8> {
    let mut data = Vec::new();
    for field in std::iter::once(&header.as_bytes()).chain(place) {
        data.extend_from_slice(&(field.len() as u64).to_be_bytes());
        data.extend_from_slice(field);
    }
    data
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_and_nonce_come_twice_in_a_million_values() {
        let chance = Chance::system();
        let key = chance.bytes::<KEY_BYTES>();
        let derived: HashSet<[u8; KEY_BYTES + NONCE_LEN]> = (0..1_000_000)
            .map(|_| *derive(&key, Purpose::Value, chance.bytes::<SALT_BYTES>().as_slice()))
            .collect();
        assert_eq!(derived.len(), 1_000_000);
    }

    #[test]
    fn each_purpose_derives_a_key_of_its_own() {
        let purposes = [
            Purpose::Value,
            Purpose::DataKey,
            Purpose::DataKeyId,
            Purpose::Record,
            Purpose::CheckValue,
        ];
        let derived: HashSet<[u8; 32]> = purposes
            .iter()
            .map(|purpose| *derive(&[7; KEY_BYTES], *purpose, &[9; SALT_BYTES]))
            .collect();
        assert_eq!(derived.len(), purposes.len());
    }

    #[test]
    fn fields_of_a_place_do_not_run_into_each_other() {
        assert_ne!(
            associated_data("h", &[b"ab", b"c"]),
            associated_data("h", &[b"a", b"bc"])
        );
        assert_ne!(
            associated_data("h", &[b"", b"a"]),
            associated_data("h", &[b"a", b""])
        );
    }
}
