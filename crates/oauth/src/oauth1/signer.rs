//! Who signs, and the header that comes of it (RFC 5849 sections 3.1, 3.3 and 3.5.1).

use ferrule_model::{Chance, Clock};
use http::header::InvalidHeaderValue;
use http::{HeaderValue, Method, Uri};
use secrecy::{ExposeSecret as _, SecretString};

use super::base_string::{base_string, encoded};
use super::signature::SignatureMethod;

/// The vendor app: client credentials, once called consumer key and secret.
#[derive(Clone, Copy, Debug)]
pub struct ClientCredentials<'a> {
    /// `oauth_consumer_key`, the contract's API key.
    pub key: &'a str,
    /// Its shared secret, the contract's API secret.
    pub secret: &'a SecretString,
}

/// A token and its secret: temporary, or an account's.
#[derive(Clone, Copy, Debug)]
pub struct TokenCredentials<'a> {
    /// `oauth_token`.
    pub token: &'a SecretString,
    /// Its shared secret.
    pub secret: &'a SecretString,
}

/// Signs requests in the name of a client, and of a user where there is a token.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// How.
    pub method: SignatureMethod,
    /// The header's `realm`, where the vendor wants one: printable ASCII without `"` and `\`. It is not signed.
    pub realm: Option<&'a str>,
    /// For whom.
    pub client: ClientCredentials<'a>,
    /// In whose name.
    pub token: Option<TokenCredentials<'a>>,
}

/// What makes every request another one (section 3.3). One stamp, one request: a vendor takes none twice.
#[derive(Clone, Debug)]
pub struct Stamp {
    nonce: SecretString,
    seconds: i64,
}

impl Stamp {
    /// A nonce of 128 bits, and now.
    pub fn new(chance: &Chance, clock: &Clock) -> Self {
        Self {
            nonce: chance.hex_token(),
            seconds: clock.now().as_second(),
        }
    }
}

impl Signer<'_> {
    /// The `Authorization` header of this request; `form` is its body, where that is form-encoded
    /// (section 3.4.1.3.1), and no other body is signed.
    ///
    /// # Errors
    /// The realm cannot stand in a header.
    pub fn authorization(
        &self,
        method: &Method,
        uri: &Uri,
        form: Option<&[u8]>,
        stamp: &Stamp,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        self.authorization_with(&[], method, uri, form, stamp)
    }

    /// The same with more protocol parameters: `oauth_callback`, `oauth_verifier`.
    pub(super) fn authorization_with(
        &self,
        more: &[(&str, &str)],
        method: &Method,
        uri: &Uri,
        form: Option<&[u8]>,
        stamp: &Stamp,
    ) -> Result<HeaderValue, InvalidHeaderValue> {
        let seconds = stamp.seconds.to_string();
        let mut protocol = vec![("oauth_consumer_key", self.client.key)];
        protocol.extend(
            self.token
                .map(|token| ("oauth_token", token.token.expose_secret())),
        );
        protocol.extend([
            ("oauth_signature_method", self.method.as_str()),
            ("oauth_timestamp", &seconds),
            ("oauth_nonce", stamp.nonce.expose_secret()),
            ("oauth_version", "1.0"),
        ]);
        protocol.extend(more);
        let base_string = base_string(method, uri, &protocol, form);
        let token_secret = self.token.map(|token| token.secret);
        let signature = self.method.sign(&base_string, self.client.secret, token_secret);
        protocol.push(("oauth_signature", &signature));

        let realm = self.realm.map(|realm| format!("realm=\"{realm}\""));
        let protocol = protocol
            .into_iter()
            .map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        let fields: Vec<String> = realm.into_iter().chain(protocol).collect();
        let mut header = HeaderValue::try_from(format!("OAuth {}", fields.join(", ")))?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests;
