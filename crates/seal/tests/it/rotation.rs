//! A master key is replaced while everything goes on.

use ferrule_model::Chance;
use ferrule_seal::{KeyRing, SealError};
use secrecy::ExposeSecret as _;

use crate::{ORGANIZATION, PLACE, ring};

#[test]
fn values_stay_as_they_are_while_their_data_key_is_rewrapped() {
    let chance = Chance::system();
    let (old, new) = (
        KeyRing::generate(&chance, "old"),
        KeyRing::generate(&chance, "new"),
    );
    let (old, new) = (old.expose_secret(), new.expose_secret());
    let before = ring(old);
    let added = ring(&format!("{old},{new}"));
    let moved = ring(&format!("{new},{old}"));
    let after = ring(new);

    let (data_key, wrapped) = before.new_data_key(&chance, ORGANIZATION);
    let check_value = before.new_check_value(&chance);
    let record = before.seal_record(&chance, "place", b"record");
    let sealed = data_key.seal(&chance, &PLACE, b"token");

    assert_eq!(added.rewrap_data_key(&chance, ORGANIZATION, &wrapped), Ok(None));
    assert_eq!(added.rewrap_check_value(&chance, &check_value), Ok(None));

    let rewrapped = moved
        .rewrap_data_key(&chance, ORGANIZATION, &wrapped)
        .unwrap()
        .unwrap();
    let rechecked = moved.rewrap_check_value(&chance, &check_value).unwrap().unwrap();
    assert_eq!(moved.rewrap_data_key(&chance, ORGANIZATION, &rewrapped), Ok(None));
    assert_eq!(moved.rewrap_check_value(&chance, &rechecked), Ok(None));
    assert_eq!(moved.open_record("place", &record).unwrap().as_slice(), b"record");
    // A replica that still has the old key first opens what the others seal.
    assert_eq!(
        added.unwrap_data_key(ORGANIZATION, &rewrapped).unwrap().id(),
        data_key.id()
    );

    assert_eq!(after.verify_check_value(&rechecked), Ok(()));
    let opened = after
        .unwrap_data_key(ORGANIZATION, &rewrapped)
        .unwrap()
        .open(&PLACE, &sealed)
        .unwrap();
    assert_eq!(opened.as_slice(), b"token");
}

#[test]
fn a_ring_without_the_key_says_which_one_it_misses() {
    let chance = Chance::system();
    let (old, new) = (
        KeyRing::generate(&chance, "old"),
        KeyRing::generate(&chance, "new"),
    );
    let (before, after) = (ring(old.expose_secret()), ring(new.expose_secret()));
    let (_, wrapped) = before.new_data_key(&chance, ORGANIZATION);
    let missing = SealError::UnknownKey { id: "old".into() };
    assert_eq!(
        after.unwrap_data_key(ORGANIZATION, &wrapped).err(),
        Some(missing.clone())
    );
    assert_eq!(
        after.rewrap_data_key(&chance, ORGANIZATION, &wrapped),
        Err(missing.clone())
    );
    assert_eq!(
        after.rewrap_check_value(&chance, &before.new_check_value(&chance)),
        Err(missing)
    );
    assert_eq!(
        after
            .open_record("p", &before.seal_record(&chance, "p", b"x"))
            .err()
            .unwrap()
            .to_string(),
        "sealed under the key \"old\", which is not at hand: a key stays in the ring while it seals anything"
    );
}
