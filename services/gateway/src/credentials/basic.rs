//! User name and password in a header (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

/// The header's value.
pub(super) fn basic(username: &str, password: &SecretString) -> SecretString {
    let pair = SecretString::from(format!("{username}:{}", password.expose_secret()));
    format!("Basic {}", STANDARD.encode(pair.expose_secret())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vector_of_rfc_7617_section_2() {
        let header = basic("Aladdin", &"open sesame".to_owned().into());
        assert_eq!(header.expose_secret(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
