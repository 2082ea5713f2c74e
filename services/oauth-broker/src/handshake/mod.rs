//! What the broker remembers between handing out a URL and keeping an answer: pending handshakes, the marks of
//! exchanges, and the answers to refreshes. Everything is sealed, with the key it lies under as associated data.
//!
//! From the bottom: [`Store`] is Redis or an embedded file, [`SealedStore`] reads and changes sealed records
//! there by compare-and-set, [`Handshakes`], [`Exchanges`] and [`Refreshes`] are the three kinds of records.

mod claim;
mod embedded;
mod exchanges;
mod handshakes;
mod outcome;
mod record;
mod redis;
mod redis_address;
mod refreshes;
mod sealed;
mod store;
mod stored;
#[cfg(test)]
mod tests;

pub use claim::{Claim, Claimed};
pub use embedded::EmbeddedStore;
pub use exchanges::{Exchanges, Progress};
pub(crate) use handshakes::HANDSHAKES;
pub use handshakes::{Attach, HandshakeKey, Handshakes};
pub use outcome::{Grant, Outcome, Refusal};
pub use record::{AuthorizationRequest, Callback, Denial, Form, Handshake, Stage, TemporaryCredentials};
pub use redis::{RedisInspection, RedisStore};
pub use redis_address::{InvalidRedisAddress, RedisAddress};
pub use refreshes::{Refreshes, SpentPair};
pub use sealed::{RecordError, SealedStore};
pub(crate) use store::STORE_SECONDS;
pub use store::{Durability, Store, StoreError, Ttl};
