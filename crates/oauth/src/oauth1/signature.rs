//! How a base string is signed (RFC 5849 section 3.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::base_string::encoded;

/// How requests are signed. RSA-SHA1 is not among them: its private keys would be one more kind of secret for one
/// vendor in a hundred; nor is PLAINTEXT, which signs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `HMAC-SHA1` (section 3.4.2).
    HmacSha1,
    /// `HMAC-SHA256`: the same with another digest, as vendors came to take it.
    HmacSha256,
}

impl SignatureMethod {
    /// As in `oauth_signature_method`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
        }
    }

    /// `oauth_signature`, in base64. Without token credentials their secret is empty.
    pub(super) fn sign(
        self,
        base_string: &str,
        client_secret: &SecretString,
        token_secret: Option<&SecretString>,
    ) -> String {
        let token_secret = token_secret.map(SecretString::expose_secret).unwrap_or_default();
        let key = Zeroizing::new(format!(
            "{}&{}",
            encoded(client_secret.expose_secret()),
            encoded(token_secret)
        ));
        match self {
            Self::HmacSha1 => STANDARD.encode(hmac_sha1(key.as_bytes(), base_string)),
            Self::HmacSha256 => STANDARD.encode(hmac_sha256(key.as_bytes(), base_string)),
        }
    }
}

#[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
fn hmac_sha1(key: &[u8], text: &str) -> [u8; 20] {
    let mut hmac = Hmac::<Sha1>::new_from_slice(key).expect("a key of any length");
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "an HMAC takes a key of any length")]
fn hmac_sha256(key: &[u8], text: &str) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().into()
}
