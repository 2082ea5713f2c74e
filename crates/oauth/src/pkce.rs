//! Proof Key for Code Exchange (RFC 7636), S256 alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ferrule_model::{Chance, Digest};
use secrecy::{ExposeSecret as _, SecretString};

/// A code verifier (RFC 7636 section 4.1): made with the authorization URL, kept in the handshake, shown to the
/// vendor with the code.
#[derive(Clone, Debug)]
pub struct CodeVerifier(SecretString);

/// The text is no code verifier.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code verifier is 43 to 128 letters, digits, '-', '.', '_' or '~'")]
pub struct InvalidCodeVerifier;

impl CodeVerifier {
    /// A fresh one: 256 random bits, 43 characters.
    pub fn generate(chance: &Chance) -> Self {
        Self(chance.url_token())
    }

    /// The code challenge that goes into the authorization URL (RFC 7636 section 4.2, S256).
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Digest::of(self.0.expose_secret()).as_bytes())
    }

    /// The verifier itself, for the handshake and for the token request.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl TryFrom<SecretString> for CodeVerifier {
    type Error = InvalidCodeVerifier;

    /// A verifier that a handshake kept.
    fn try_from(text: SecretString) -> Result<Self, Self::Error> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let bytes = text.expose_secret().as_bytes();
        let well_formed = (43..=128).contains(&bytes.len()) && bytes.iter().copied().all(unreserved);
        if well_formed {
            Ok(Self(text))
        } else {
            Err(InvalidCodeVerifier)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The octets of RFC 7636 appendix B.
    const OCTETS: [u8; 32] = [
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
        214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ];

    #[test]
    fn the_vector_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier::generate(&Chance::from_fn(|bytes| bytes.copy_from_slice(&OCTETS)));
        assert_eq!(
            verifier.secret().expose_secret(),
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        assert_eq!(
            verifier.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn a_kept_verifier_is_checked_again() {
        for (text, good) in [
            ("a".repeat(43), true),
            ("~".repeat(128), true),
            ("a".repeat(42), false),
            ("a".repeat(129), false),
            ("a b".repeat(20), false),
            (String::new(), false),
        ] {
            assert_eq!(
                CodeVerifier::try_from(SecretString::from(text.clone())).is_ok(),
                good,
                "{text}"
            );
        }
    }

    #[test]
    fn a_verifier_is_never_shown() {
        let verifier = CodeVerifier::generate(&Chance::system());
        assert!(!format!("{verifier:?}").contains(verifier.secret().expose_secret()));
    }
}
