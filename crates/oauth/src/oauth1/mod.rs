//! OAuth 1.0a (RFC 5849): signed requests, and the three legs that lead to token credentials.
//!
//! 1. [`temporary_credentials_request`]: the vendor gives a temporary token and its secret.
//! 2. [`authorization_url`]: the user says yes there, and comes back with a verifier.
//! 3. [`token_request`]: the verifier becomes the token and secret that sign every later call
//!    ([`Signer::authorization`]).
//!
//! [`read_credentials_answer`] reads what the vendor says to the first and the third. Parameters travel in the
//! `Authorization` header alone (section 3.5.1).

mod answer;
mod base_string;
mod legs;
mod signature;
mod signer;

pub use answer::{CredentialsAnswer, IssuedCredentials, read_credentials_answer};
pub use legs::{authorization_url, temporary_credentials_request, token_request};
pub use signature::SignatureMethod;
pub use signer::{ClientCredentials, Signer, Stamp, TokenCredentials};
