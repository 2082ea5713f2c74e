//! Endpoints from an issuer's metadata (RFC 8414), for connectors whose files leave them out.
//!
//! [`fetch`] asks, `known` remembers: each process asks an issuer once for all who wait, again when the answer's time is
//! over, and goes on with the last good answer while the issuer gives none.

mod fetch;
mod known;
mod lifetime;

pub use fetch::{DiscoveryError, Published, fetch};
pub(crate) use known::Discoveries;
