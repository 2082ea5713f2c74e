//! Text that carries its content, and proof that this vendor wrote it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a signed text is for. One made for one purpose opens for no other.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The authorization request, on its way through the login page.
    Transaction,
    AccessToken,
    RefreshToken,
}

/// Signs and opens texts of the form `content.signature`, both base64url.
pub(crate) struct Signer(Zeroizing<[u8; 32]>);

#[derive(Serialize, Deserialize)]
struct Signed<T> {
    content: T,
    /// Unix milliseconds.
    ends_at: i64,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Transaction => b"transaction\0",
            Self::AccessToken => b"access token\0",
            Self::RefreshToken => b"refresh token\0",
        }
    }
}

impl Signer {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// A text that opens until `ends_at`.
    pub fn sign(&self, purpose: Purpose, content: impl Serialize, ends_at: Timestamp) -> String {
        let signed = Signed {
            content,
            ends_at: ends_at.as_millisecond(),
        };
        #[expect(
            clippy::expect_used,
            reason = "what is signed here holds only texts and numbers"
        )]
        let payload =
            URL_SAFE_NO_PAD.encode(serde_json::to_vec(&signed).expect("plain content turns into JSON"));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(purpose, &payload).finalize().into_bytes());
        format!("{payload}.{signature}")
    }

    /// The content; `None` when the text is forged, made for another purpose, or past its end.
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, text: &str, now: Timestamp) -> Option<T> {
        let (payload, signature) = text.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(purpose, payload).verify_slice(&signature).ok()?;
        let signed: Signed<T> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        (now.as_millisecond() < signed.ends_at).then_some(signed.content)
    }

    fn mac(&self, purpose: Purpose, payload: &str) -> Hmac<Sha256> {
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104 section 3)"
        )]
        let mac = Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("a key of 32 bytes fits");
        mac.chain_update(purpose.label()).chain_update(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Timestamp = Timestamp::UNIX_EPOCH;

    fn before(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(-milliseconds).unwrap()
    }

    #[test]
    fn a_text_opens_until_its_end_and_for_its_purpose_alone() {
        let signer = Signer::new(Zeroizing::new([7; 32]));
        let text = signer.sign(Purpose::AccessToken, "ada", END);
        let open = |purpose, now| signer.open::<String>(purpose, &text, now);
        assert_eq!(open(Purpose::AccessToken, before(1)).as_deref(), Some("ada"));
        assert_eq!(open(Purpose::AccessToken, END), None);
        assert_eq!(open(Purpose::RefreshToken, before(1)), None);
    }

    #[test]
    fn a_changed_text_or_key_opens_nothing() {
        let signer = Signer::new(Zeroizing::new([7; 32]));
        let text = signer.sign(Purpose::AccessToken, "ada", END);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(
                signer.open::<String>(Purpose::AccessToken, &changed, before(1)),
                None,
                "{changed}"
            );
        }
        let other = Signer::new(Zeroizing::new([8; 32]));
        assert_eq!(other.open::<String>(Purpose::AccessToken, &text, before(1)), None);
        for junk in ["", ".", "a.b", "é.é"] {
            assert_eq!(
                signer.open::<String>(Purpose::AccessToken, junk, before(1)),
                None,
                "{junk}"
            );
        }
    }
}
