//! What was altered, moved or confused does not open.

use ferrule_model::{Chance, OrganizationId};
use ferrule_seal::{KeyRing, Place, SealError};

use crate::{ORGANIZATION, PLACE, new_ring, ring};

/// Every text that differs from `text` in one bit; those that are no UTF-8 no caller can hand over.
fn one_bit_away(text: &str) -> impl Iterator<Item = String> {
    (0..text.len() * 8).filter_map(move |bit| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        String::from_utf8(bytes).ok()
    })
}

/// Every shorter text, and some longer ones.
fn cut_or_extended(text: &str) -> impl Iterator<Item = String> {
    let cut = (0..text.len()).map(|end| text[..end].to_owned());
    cut.chain(["A", "AAAA", "=", ".", "\n", ".A"].map(|more| format!("{text}{more}")))
}

fn assert_only_this_text_opens<T>(text: &str, open: impl Fn(&str) -> Result<T, SealError>) {
    assert!(open(text).is_ok());
    let mut tried = 0;
    for altered in one_bit_away(text).chain(cut_or_extended(text)) {
        assert!(open(&altered).is_err(), "{altered}");
        tried += 1;
    }
    assert!(tried > text.len() * 8, "{tried} texts tried");
}

#[test]
fn one_flipped_bit_anywhere_is_an_error() {
    let chance = Chance::system();
    let ring = new_ring("main-key");
    let (data_key, wrapped) = ring.new_data_key(&chance, ORGANIZATION);

    // Plaintexts of 0 to 3 bytes, so that the body ends on every kind of unused base64 bits.
    for plaintext in [&b""[..], b"1", b"22", b"333"] {
        let sealed = data_key.seal(&chance, &PLACE, plaintext);
        assert_only_this_text_opens(&sealed, |text| data_key.open(&PLACE, text));
        let record = ring.seal_record(&chance, "handshake:x", plaintext);
        assert_only_this_text_opens(&record, |text| ring.open_record("handshake:x", text));
    }
    assert_only_this_text_opens(&wrapped, |text| ring.unwrap_data_key(ORGANIZATION, text));
    assert_only_this_text_opens(&wrapped, |text| ring.rewrap_data_key(&chance, ORGANIZATION, text));
    let check_value = ring.new_check_value(&chance);
    assert_only_this_text_opens(&check_value, |text| ring.verify_check_value(text));
}

#[test]
fn a_flipped_bit_in_the_body_is_an_integrity_error() {
    let chance = Chance::system();
    let (data_key, _) = new_ring("k").new_data_key(&chance, ORGANIZATION);
    let sealed = data_key.seal(&chance, &PLACE, b"333");
    let body = sealed.rfind('.').unwrap() + 1;
    for at in body..sealed.len() {
        let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
        let altered = format!("{}{other}{}", &sealed[..at], &sealed[at + 1..]);
        assert_eq!(
            data_key.open(&PLACE, &altered),
            Err(SealError::Integrity),
            "{altered}"
        );
    }
}

#[test]
fn a_value_opens_at_no_other_place() {
    let chance = Chance::system();
    let (data_key, _) = new_ring("k").new_data_key(&chance, ORGANIZATION);
    let sealed = data_key.seal(&chance, &PLACE, b"token");
    for elsewhere in [
        Place {
            organization: OrganizationId(8),
            ..PLACE
        },
        Place {
            record: "instance/2",
            ..PLACE
        },
        Place {
            field: "access_token",
            ..PLACE
        },
        Place {
            record: PLACE.field,
            field: PLACE.record,
            ..PLACE
        },
        Place {
            record: "instance/1r",
            field: "efresh_token",
            ..PLACE
        },
        Place {
            record: "",
            field: "instance/1refresh_token",
            ..PLACE
        },
    ] {
        assert_eq!(
            data_key.open(&elsewhere, &sealed),
            Err(SealError::Integrity),
            "{elsewhere:?}"
        );
    }
}

#[test]
fn another_organizations_data_key_opens_nothing() {
    let chance = Chance::system();
    let ring = new_ring("k");
    let (ours, wrapped) = ring.new_data_key(&chance, ORGANIZATION);
    let (theirs, _) = ring.new_data_key(&chance, OrganizationId(8));
    let sealed = ours.seal(&chance, &PLACE, b"token");
    assert_eq!(
        theirs.open(&PLACE, &sealed),
        Err(SealError::UnknownKey { id: ours.id().into() })
    );
    assert_eq!(
        ring.unwrap_data_key(OrganizationId(8), &wrapped).err(),
        Some(SealError::Integrity)
    );
}

#[test]
fn one_kind_of_text_is_never_taken_for_another() {
    let chance = Chance::system();
    let ring = new_ring("k");
    let organization = OrganizationId(i64::from_be_bytes(*b"abcdefgh"));
    let (_, wrapped) = ring.new_data_key(&chance, organization);
    assert_eq!(ring.open_record("abcdefgh", &wrapped), Err(SealError::Integrity));
    let record = ring.seal_record(&chance, "abcdefgh", &[0; 32]);
    assert_eq!(
        ring.unwrap_data_key(organization, &record).err(),
        Some(SealError::Integrity)
    );
    assert_eq!(ring.verify_check_value(&record), Err(SealError::Integrity));
}

#[test]
fn naming_another_key_of_the_ring_does_not_open() {
    let zeroes = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    // The same key under two ids: only the header differs, and it is authenticated.
    let ring: KeyRing = ring(&format!("a:{zeroes},b:{zeroes}"));
    let sealed = ring.seal_record(&Chance::system(), "place", b"record");
    let renamed = sealed.replacen("v1.a.", "v1.b.", 1);
    assert_ne!(sealed, renamed);
    assert_eq!(ring.open_record("place", &renamed), Err(SealError::Integrity));
}
