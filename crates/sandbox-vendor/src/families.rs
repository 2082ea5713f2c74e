//! Which grants are revoked, and which refresh token of each is the newest.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::expiring::ExpiringMap;

/// So many families are remembered.
const MOST: usize = 100_000;

/// Every refresh token that grew out of one consent is of one family, and has a generation in it.
pub(crate) struct Families(Mutex<ExpiringMap<Family>>);

enum Family {
    /// The newest generation handed out.
    Current(u64),
    Revoked,
}

/// The refresh token was spent before, or its family is revoked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spent;

impl Default for Families {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MOST)))
    }
}

impl Families {
    /// Spends one generation and gives the next. Spending one twice revokes the family (RFC 9700 section 4.14.2).
    ///
    /// A family not heard of since the start is believed: its token's signature was good.
    pub fn spend(
        &self,
        family: &str,
        generation: u64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<u64, Spent> {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = match families.get(family, now) {
            Some(Family::Revoked) => true,
            Some(Family::Current(newest)) => generation < *newest,
            None => false,
        };
        let (state, answer) = if spent {
            (Family::Revoked, Err(Spent))
        } else {
            let next = generation.saturating_add(1);
            (Family::Current(next), Ok(next))
        };
        families.insert(family.to_owned(), state, until, now);
        answer
    }

    /// Revokes a family until a moment by which each of its tokens has ended by itself.
    pub fn revoke(&self, family: &str, now: Timestamp, until: Timestamp) {
        let mut families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        families.insert(family.to_owned(), Family::Revoked, until, now);
    }

    pub fn is_revoked(&self, family: &str, now: Timestamp) -> bool {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(families.get(family, now), Some(Family::Revoked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const UNTIL: Timestamp = Timestamp::MAX;

    #[test]
    fn each_generation_is_spent_once() {
        let families = Families::default();
        assert_eq!(families.spend("f", 0, NOW, UNTIL), Ok(1));
        assert_eq!(families.spend("f", 1, NOW, UNTIL), Ok(2));
        assert!(!families.is_revoked("f", NOW));
    }

    #[test]
    fn a_spent_generation_revokes_its_family_alone() {
        let families = Families::default();
        families.spend("f", 0, NOW, UNTIL).unwrap();
        assert_eq!(families.spend("f", 0, NOW, UNTIL), Err(Spent));
        assert_eq!(families.spend("f", 1, NOW, UNTIL), Err(Spent));
        assert!(families.is_revoked("f", NOW));
        assert!(!families.is_revoked("g", NOW));
    }

    #[test]
    fn a_family_from_before_a_restart_goes_on() {
        assert_eq!(Families::default().spend("f", 41, NOW, UNTIL), Ok(42));
    }
}
