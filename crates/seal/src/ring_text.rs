//! The key ring as text: read, and made anew.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ferrule_model::Chance;
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use zeroize::Zeroizing;

use crate::KeyRing;
use crate::key::{KEY_BYTES, Key};
use crate::sealed_text::is_key_id;

/// Standard base64; the padding may be missing, as some secret stores strip it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The text is no key ring. It says which entry to change and how, and quotes nothing of it: what stands where
/// an id belongs may be a key.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum KeyRingError {
    /// There is no entry.
    #[error("the key ring is empty: write id:key, the key made with `openssl rand -base64 32`")]
    Empty,
    /// An entry lacks its colon, or is empty.
    #[error("entry {entry} of the key ring is not id:key: write both, and one comma between two entries")]
    NotAPair {
        /// Which entry, counted from 1.
        entry: usize,
    },
    /// An id has other characters or another length.
    #[error(
        "entry {entry} of the key ring has no usable id: write 1 to 32 letters, digits, '-' or '_' before ':'"
    )]
    InvalidId {
        /// Which entry, counted from 1.
        entry: usize,
    },
    /// A key is not base64, or not of 32 bytes.
    #[error(
        "entry {entry} of the key ring has no usable key: after ':' write what `openssl rand -base64 32` gives"
    )]
    InvalidKey {
        /// Which entry, counted from 1.
        entry: usize,
    },
    /// Two entries have one id.
    #[error("entries {first} and {entry} of the key ring have the same id: give each key an id of its own")]
    DuplicateId {
        /// The earlier entry, counted from 1.
        first: usize,
        /// The later entry, counted from 1.
        entry: usize,
    },
}

impl KeyRing {
    /// Reads `id:base64(32 bytes)`, comma separated, spaces and newlines around each part ignored.
    ///
    /// The first key seals, all open. An id is 1–32 letters, digits, `-` and `_`, and stands once.
    pub fn parse(text: &SecretString) -> Result<Self, KeyRingError> {
        if text.expose_secret().trim().is_empty() {
            return Err(KeyRingError::Empty);
        }
        let mut keys: Vec<Key> = Vec::new();
        for (at, pair) in text.expose_secret().split(',').enumerate() {
            let key = parse_entry(at + 1, pair)?;
            if let Some(first) = keys.iter().position(|earlier| earlier.id == key.id) {
                return Err(KeyRingError::DuplicateId {
                    first: first + 1,
                    entry: at + 1,
                });
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeyRingError::Empty)?;
        Ok(Self::new(first, keys.collect()))
    }

    /// The text of a new ring of one key. The id must be one that [`KeyRing::parse`] takes.
    pub fn generate(chance: &Chance, id: &str) -> SecretString {
        let key = chance.base64_token();
        // Sized once: a text that grew, or shrank to fit, would leave the key behind.
        let mut text = String::with_capacity(id.len() + 1 + key.expose_secret().len());
        text.push_str(id);
        text.push(':');
        text.push_str(key.expose_secret());
        text.into()
    }
}

fn parse_entry(entry: usize, pair: &str) -> Result<Key, KeyRingError> {
    let (id, key) = pair.split_once(':').ok_or(KeyRingError::NotAPair { entry })?;
    let (id, key) = (id.trim(), key.trim());
    if !is_key_id(id) {
        return Err(KeyRingError::InvalidId { entry });
    }
    // The decoder asks for room by the text's length, so the buffer is a little larger than a key.
    let mut decoded = Zeroizing::new([0; KEY_BYTES + 4]);
    match BASE64.decode_slice(key, decoded.as_mut_slice()) {
        Ok(KEY_BYTES) => {}
        _ => return Err(KeyRingError::InvalidKey { entry }),
    }
    let bytes = SecretBox::init_with_mut(|bytes: &mut [u8; KEY_BYTES]| {
        bytes.copy_from_slice(&decoded[..KEY_BYTES]);
    });
    Ok(Key::new(id.to_owned(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const B: &str = "/////////////////////////////////////////+8=";

    fn parse(text: &str) -> Result<KeyRing, KeyRingError> {
        KeyRing::parse(&text.into())
    }

    #[test]
    fn the_first_key_seals_and_layout_does_not_matter() {
        for text in [
            format!("new:{A},old:{B}"),
            format!("\n new : {A} ,\n old: {B}\r\n"),
            format!("new:{},old:{}", A.trim_end_matches('='), B.trim_end_matches('=')),
        ] {
            let ring = parse(&text).unwrap();
            assert_eq!(ring.sealing_key_id(), "new");
            assert_eq!(ring.ids().collect::<Vec<_>>(), ["new", "old"]);
        }
    }

    #[test]
    fn an_error_names_the_entry_and_never_quotes_it() {
        let long_id = "i".repeat(33);
        for (text, want) in [
            (String::new(), KeyRingError::Empty),
            (" \n".into(), KeyRingError::Empty),
            (A.into(), KeyRingError::NotAPair { entry: 1 }),
            (format!("a:{A},"), KeyRingError::NotAPair { entry: 2 }),
            (format!("a:{A},,b:{B}"), KeyRingError::NotAPair { entry: 2 }),
            (format!("{A}:a"), KeyRingError::InvalidId { entry: 1 }),
            (format!(":{A}"), KeyRingError::InvalidId { entry: 1 }),
            (format!("a.b:{A}"), KeyRingError::InvalidId { entry: 1 }),
            (format!("é:{A}"), KeyRingError::InvalidId { entry: 1 }),
            (
                format!("a:{A},{long_id}:{B}"),
                KeyRingError::InvalidId { entry: 2 },
            ),
            ("a:".into(), KeyRingError::InvalidKey { entry: 1 }),
            ("a:c2hvcnQ=".into(), KeyRingError::InvalidKey { entry: 1 }),
            (format!("a:{A}{A}"), KeyRingError::InvalidKey { entry: 1 }),
            (format!("a:AAAA{A}"), KeyRingError::InvalidKey { entry: 1 }),
            (
                format!("a:{}", A.replace('=', "!")),
                KeyRingError::InvalidKey { entry: 1 },
            ),
            (format!("a:{A}\nb:{B}"), KeyRingError::InvalidKey { entry: 1 }),
            (
                format!("a:{A},b:{B},a:{B}"),
                KeyRingError::DuplicateId { first: 1, entry: 3 },
            ),
        ] {
            let error = parse(&text).unwrap_err();
            assert_eq!(error, want);
            let said = format!("{error} {error:?}");
            assert!(
                !said.contains("AAAA") && !said.contains("c2hvcnQ") && !said.contains("////"),
                "{said}"
            );
        }
    }

    #[test]
    fn debug_shows_ids_alone() {
        assert_eq!(
            format!("{:?}", parse(&format!("a:{A},b:{B}")).unwrap()),
            r#"KeyRing ["a", "b"]"#
        );
    }

    #[test]
    fn a_generated_ring_reads_back_and_never_repeats() {
        let chance = Chance::system();
        let (one, two) = (KeyRing::generate(&chance, "k1"), KeyRing::generate(&chance, "k1"));
        assert_eq!(KeyRing::parse(&one).unwrap().sealing_key_id(), "k1");
        assert_ne!(one.expose_secret(), two.expose_secret());
    }
}
