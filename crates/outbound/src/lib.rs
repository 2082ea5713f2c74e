//! The one way out: an HTTP client that checks every address it connects to.
//!
//! [`Outbound::send`] makes one exchange with a vendor: no redirect is followed, no proxy taken from the
//! environment, no cookie kept, no body decompressed, and all of it ends within one timeout and one size. What
//! fails says whether the request may have left ([`OutboundError`]): a code or a refresh token that may have left
//! must not be sent again.
//!
//! [`Outbound::stream`] passes a call through: the same rules, its bodies never held as a whole.
//!
//! The guard stands inside the resolver, so the address that was checked is the address that is connected to.

mod address;
mod client;
mod connector;
mod counted;
mod error;
mod exchange;
mod pool;
mod resolver;
mod roots;
mod stream;

pub use client::{Limits, Outbound, Settings};
pub use error::{NotSent, OutboundError, Unanswered};
pub use exchange::Answer;
pub use roots::{Roots, RootsError};
