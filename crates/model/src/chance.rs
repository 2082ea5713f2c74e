//! Chance as an argument.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rand::{Rng as _, TryRng as _};
use secrecy::SecretString;
use zeroize::Zeroizing;

/// Makes random bytes; handed to whatever needs them, so that a test can fix them.
#[derive(Clone)]
pub struct Chance(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Chance {
    /// The operating system's generator.
    ///
    /// # Panics
    /// Its bytes panic when the operating system has no randomness to give: nothing safe could follow.
    pub fn system() -> Self {
        Self(Arc::new(|bytes| {
            #[expect(clippy::expect_used, reason = "without randomness no secret can be made")]
            rand::rngs::SysRng
                .try_fill_bytes(bytes)
                .expect("the operating system gives random bytes");
        }))
    }

    /// A cryptographic generator of each thread's own, seeded by the operating system again and again: for what is made
    /// with every request, and needs to be unknown to others for minutes.
    pub fn of_thread() -> Self {
        Self(Arc::new(|bytes| rand::rng().fill_bytes(bytes)))
    }

    /// Bytes that a test chooses.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> Zeroizing<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        (self.0)(bytes.as_mut_slice());
        bytes
    }

    /// 256 random bits in base64url without padding: 43 characters, for states and code verifiers.
    pub fn url_token(&self) -> SecretString {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>()).into()
    }

    /// 256 random bits in standard base64: 44 characters, the shape of user secrets and instance tokens.
    pub fn base64_token(&self) -> SecretString {
        STANDARD.encode(self.bytes::<32>()).into()
    }

    /// 128 random bits in hexadecimal: 32 characters, the shape of an organization secret.
    pub fn hex_token(&self) -> SecretString {
        hex::encode(self.bytes::<16>()).into()
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chance")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_hundred_thousand_states_never_repeat() {
        let chance = Chance::system();
        let states: HashSet<String> = (0..100_000)
            .map(|_| chance.url_token().expose_secret().to_owned())
            .collect();
        assert_eq!(states.len(), 100_000);
        assert!(states.iter().all(|state| state.len() == 43));
    }
}
