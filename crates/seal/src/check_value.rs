//! The database's check value: tells at start whether this ring belongs to that database.

use ferrule_model::Chance;

use crate::key::Purpose;
use crate::{KeyRing, SealError};

impl KeyRing {
    /// A check value under the first key, to be stored with a new database. It holds nothing but its proof.
    pub fn new_check_value(&self, chance: &Chance) -> String {
        self.seal(chance, Purpose::CheckValue, &[], &[])
    }

    /// Whether this ring opens the database: an error says that it must stay sealed.
    pub fn verify_check_value(&self, check_value: &str) -> Result<(), SealError> {
        self.open(Purpose::CheckValue, &[], check_value).map(drop)
    }

    /// The check value under the first key; `None` when it is so already.
    pub fn rewrap_check_value(
        &self,
        chance: &Chance,
        check_value: &str,
    ) -> Result<Option<String>, SealError> {
        self.rewrap(chance, Purpose::CheckValue, &[], check_value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ring_that_made_it_opens_it() {
        let chance = Chance::system();
        let ring = |id| KeyRing::parse(&KeyRing::generate(&chance, id)).unwrap();
        let (ours, same_id, other_id) = (ring("k1"), ring("k1"), ring("k2"));
        let check_value = ours.new_check_value(&chance);
        assert_eq!(ours.verify_check_value(&check_value), Ok(()));
        assert_eq!(
            same_id.verify_check_value(&check_value),
            Err(SealError::Integrity)
        );
        assert_eq!(
            other_id.verify_check_value(&check_value),
            Err(SealError::UnknownKey { id: "k1".into() })
        );
        assert_eq!(ours.verify_check_value(""), Err(SealError::Malformed));
    }
}
