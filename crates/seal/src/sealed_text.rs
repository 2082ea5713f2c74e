//! The text form: `v1.{key id}.{base64url(salt ‖ ciphertext ‖ tag)}`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::SealError;

pub(crate) const SALT_BYTES: usize = 32;
pub(crate) const TAG_BYTES: usize = 16;

const VERSION: &str = "v1";
const MAX_KEY_ID: usize = 32;

/// A sealed text taken apart; nothing in it has been authenticated yet.
#[derive(Debug)]
pub(crate) struct SealedText<'a> {
    /// Version and key id: `v1.{key id}`.
    pub(crate) header: &'a str,
    pub(crate) key_id: &'a str,
    pub(crate) salt: [u8; SALT_BYTES],
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) tag: [u8; TAG_BYTES],
}

impl<'a> SealedText<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SealError> {
        let (header, body) = text.rsplit_once('.').ok_or(SealError::Malformed)?;
        let (version, key_id) = header.split_once('.').ok_or(SealError::Malformed)?;
        if version != VERSION || !is_key_id(key_id) {
            return Err(SealError::Malformed);
        }
        // The decoder refuses bits that no byte uses: a body has exactly one spelling.
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| SealError::Malformed)?;
        let (salt, sealed) = body.split_first_chunk().ok_or(SealError::Malformed)?;
        let (ciphertext, tag) = sealed.split_last_chunk().ok_or(SealError::Malformed)?;
        Ok(Self {
            header,
            key_id,
            salt: *salt,
            ciphertext: ciphertext.to_vec(),
            tag: *tag,
        })
    }
}

/// The authenticated head of a text sealed under this key.
pub(crate) fn header(key_id: &str) -> String {
    format!("{VERSION}.{key_id}")
}

/// The whole text.
pub(crate) fn write(header: &str, body: &[u8]) -> String {
    format!("{header}.{}", URL_SAFE_NO_PAD.encode(body))
}

/// 1–32 letters, digits, `_` and `-`: no `.`, so that a header splits in one way only.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=MAX_KEY_ID).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_form_is_malformed() {
        let body = URL_SAFE_NO_PAD.encode([0; SALT_BYTES + TAG_BYTES]);
        assert!(SealedText::parse(&format!("v1.k.{body}")).is_ok());
        for bad in [
            String::new(),
            "v1".into(),
            "v1.k".into(),
            "v1.k.".into(),
            format!("v2.k.{body}"),
            format!("v1..{body}"),
            format!("v1.k k.{body}"),
            format!("v1.k.k.{body}"),
            format!("v1.{}.{body}", "k".repeat(33)),
            format!("v1.k.{body}="),
            format!("v1.k. {body}"),
            format!("v1.k.{body}\n"),
            format!("v1.k.{}", URL_SAFE_NO_PAD.encode([0; SALT_BYTES + TAG_BYTES - 1])),
            "v1.k.é".into(),
        ] {
            assert_eq!(
                SealedText::parse(&bad).err(),
                Some(SealError::Malformed),
                "{bad:?}"
            );
        }
    }
}
