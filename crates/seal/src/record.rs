//! The broker's records, sealed straight under the ring: the broker has no database for data keys.

use ferrule_model::Chance;
use zeroize::Zeroizing;

use crate::key::Purpose;
use crate::{KeyRing, SealError};

impl KeyRing {
    /// Seals a record under the first key. `place` is the key under which the record is stored.
    pub fn seal_record(&self, chance: &Chance, place: &str, plaintext: &[u8]) -> String {
        self.seal(chance, Purpose::Record, &[place.as_bytes()], plaintext)
    }

    /// Opens a record that stands under `place`, sealed by any key of the ring.
    pub fn open_record(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.open(Purpose::Record, &[place.as_bytes()], sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_under_its_own_key_only() {
        let chance = Chance::system();
        let ring = KeyRing::parse(&KeyRing::generate(&chance, "k")).unwrap();
        let sealed = ring.seal_record(&chance, "handshake:a", b"verifier");
        assert_eq!(
            ring.open_record("handshake:a", &sealed).unwrap().as_slice(),
            b"verifier"
        );
        assert_eq!(
            ring.open_record("handshake:b", &sealed).err(),
            Some(SealError::Integrity)
        );
    }
}
