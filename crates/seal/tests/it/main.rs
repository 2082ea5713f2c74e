//! What the room promises, seen from outside.

mod format;
mod rotation;
mod tampering;

use ferrule_model::{Chance, OrganizationId};
use ferrule_seal::{KeyRing, Place};

const ORGANIZATION: OrganizationId = OrganizationId(7);
const PLACE: Place<'_> = Place {
    organization: ORGANIZATION,
    record: "instance/1",
    field: "refresh_token",
};

#[expect(clippy::unwrap_used, reason = "the ring is the test's own")]
fn ring(text: &str) -> KeyRing {
    KeyRing::parse(&text.into()).unwrap()
}

#[expect(clippy::unwrap_used, reason = "the ring is the test's own")]
fn new_ring(id: &str) -> KeyRing {
    KeyRing::parse(&KeyRing::generate(&Chance::system(), id)).unwrap()
}
