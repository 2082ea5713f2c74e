//! OAuth as values, sans I/O: OAuth 2.0, and OAuth 1.0a in [`oauth1`].
//!
//! What goes to a vendor is made here as text or as an [`http::Request`]; what a vendor answers is read here
//! from a status and bytes. Nothing is sent, stored or logged. In the order of a login:
//!
//! 0. [`ServerMetadata`]: where a vendor's endpoints are, where it says so itself.
//! 1. [`AuthorizationRequest`] and [`CodeVerifier`]: where the browser goes; [`redirect_uri`] and
//!    [`return_url`]: where it may come back to.
//! 2. [`check_iss`]: whether what came back came from the right vendor.
//! 3. [`code_request`], [`refresh_request`], [`client_credentials_request`], [`revocation_request`]: what is asked
//!    of the vendor.
//! 4. [`read_token_answer`]: what it said; [`vendor_words`]: how much of that a caller may read.

mod authorize;
mod client;
mod endpoint;
mod issuer;
mod long_lived;
mod names;
pub mod oauth1;
mod pkce;
pub mod redirect_uri;
pub mod return_url;
mod revocation;
mod server_metadata;
mod token_answer;
mod token_request;
mod vendor_words;

pub use authorize::AuthorizationRequest;
pub use client::{BodyFormat, Client, ClientAuth, Wording};
pub use endpoint::InvalidEndpoint;
pub use issuer::{IssMismatch, check_iss};
pub use long_lived::long_lived_request;
pub use names::Names;
pub use pkce::{CodeVerifier, InvalidCodeVerifier};
pub use revocation::{TokenHint, revocation_request};
pub use server_metadata::{InvalidMetadata, ServerMetadata, metadata_addresses};
pub use token_answer::{
    AnswerShape, ExpiresAs, ExtraFields, Grant, MAX_ANSWER_BYTES, TokenAnswer, read_token_answer,
};
pub use token_request::{client_credentials_request, code_request, refresh_request};
pub use vendor_words::{MAX_VENDOR_WORDS, vendor_words};
