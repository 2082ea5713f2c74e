//! The one TLS provider of the process.

/// Makes aws-lc-rs the process's TLS provider. Calling it again changes nothing.
pub fn install_crypto_provider() {
    // An error says that a provider is already installed, which is what was wanted.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    #[test]
    fn installing_twice_is_once() {
        super::install_crypto_provider();
        super::install_crypto_provider();
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
}
