//! The words every room shares: ids, keys, digests, secrets, tokens, time and chance. No I/O, no async.

mod chance;
mod clock;
mod digest;
mod ids;
mod plain_text;
mod tokens;

pub use chance::Chance;
pub use clock::Clock;
pub use digest::{Digest, DigestBuilder};
pub use ids::{ConnectorKey, ElementId, InstanceId, InvalidConnectorKey, OrganizationId, UserId};
pub use plain_text::strip_markup;
pub use tokens::TokenPair;

/// What the contract shows in place of a secret ("Configuration masking").
pub const MASK: &str = "********";
