//! The stored form: round trips, and texts of an independent implementation.

use std::collections::HashSet;

use ferrule_model::{Chance, OrganizationId};
use ferrule_seal::Place;
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use crate::{ORGANIZATION, PLACE, new_ring, ring};

/// Made with Python's `cryptography` from the description in the crate's documentation: master key "k1" all
/// zeroes, data key and salts all ones. What is stored today must open under every later version.
#[test]
fn the_form_is_the_documented_one() {
    let ones = Chance::from_fn(|bytes| bytes.fill(1));
    let ring = ring("k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

    let (data_key, wrapped) = ring.new_data_key(&ones, ORGANIZATION);
    assert_eq!(data_key.id(), "QBhFeM1OQUY");
    assert_eq!(
        wrapped,
        "v1.k1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGIw50FUJrtI45N50ORky9HvGcVHaDqUWgkqcHUCa_2TQyDzBBzEtu74UaiJnLJnC4"
    );
    assert_eq!(
        data_key.seal(&ones, &PLACE, b"a secret"),
        "v1.QBhFeM1OQUY.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE4T0aeDTceVKoe80OhhqkQOcO8Cgu6G8s"
    );
    assert_eq!(
        ring.seal_record(&ones, "handshake:x", b"a record"),
        "v1.k1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGvxHBTeaJ-ogSzgOPfw1lEomUvY5Bc3yc"
    );
    assert_eq!(
        ring.new_check_value(&ones),
        "v1.k1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQFixAHBpHpJCZdsbSlzAQjg"
    );
}

#[test]
fn one_value_sealed_ten_thousand_times_never_gives_the_same_text() {
    let chance = Chance::system();
    let (data_key, _) = new_ring("k").new_data_key(&chance, ORGANIZATION);
    let texts: HashSet<String> = (0..10_000)
        .map(|_| data_key.seal(&chance, &PLACE, b"same"))
        .collect();
    assert_eq!(texts.len(), 10_000);
}

#[test]
fn a_secret_text_comes_back_as_a_secret() {
    let chance = Chance::system();
    let (data_key, _) = new_ring("k").new_data_key(&chance, ORGANIZATION);
    let sealed = data_key.seal_str(&chance, &PLACE, &SecretString::from("pässword"));
    assert_eq!(
        data_key.open_str(&PLACE, &sealed).unwrap().expose_secret(),
        "pässword"
    );
}

proptest! {
    #[test]
    fn every_value_opens_at_its_place(
        plaintext in proptest::collection::vec(any::<u8>(), 0..4096),
        organization in any::<i64>(),
        record in ".*",
        field in ".*",
    ) {
        let chance = Chance::system();
        let organization = OrganizationId(organization);
        let ring = new_ring("k");
        let (data_key, wrapped) = ring.new_data_key(&chance, organization);
        let place = Place { organization, record: &record, field: &field };
        let sealed = data_key.seal(&chance, &place, &plaintext);
        let again = ring.unwrap_data_key(organization, &wrapped).unwrap();
        prop_assert_eq!(again.open(&place, &sealed), Ok(Zeroizing::new(plaintext)));
    }

    #[test]
    fn every_record_opens_under_its_key(
        plaintext in proptest::collection::vec(any::<u8>(), 0..4096),
        place in ".*",
    ) {
        let ring = new_ring("k");
        let sealed = ring.seal_record(&Chance::system(), &place, &plaintext);
        prop_assert_eq!(ring.open_record(&place, &sealed), Ok(Zeroizing::new(plaintext)));
    }

    #[test]
    fn no_text_from_outside_opens_or_panics(text in ".*", body in "v1\\.k\\.[A-Za-z0-9_-]{0,200}") {
        let ring = new_ring("k");
        for foreign in [text, body] {
            prop_assert!(ring.open_record("place", &foreign).is_err());
            prop_assert!(ring.unwrap_data_key(ORGANIZATION, &foreign).is_err());
            prop_assert!(ring.verify_check_value(&foreign).is_err());
        }
    }
}
