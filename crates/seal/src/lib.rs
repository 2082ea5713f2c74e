//! Envelope encryption: key ring, data keys, seal, open, rewrap.
//!
//! The ring's master keys, which never rest beside the data, wrap one [`DataKey`] an organization. A data key
//! seals that organization's values. The broker, which keeps no data keys, seals its records straight under
//! the ring. One construction serves all of it:
//!
//! ```text
//! salt         = 256 fresh random bits
//! key ‖ nonce  = HKDF-SHA256(salt, master or data key, "ferrule seal v1 " ‖ purpose), 256 + 96 bits
//! text         = "v1." ‖ key id ‖ "." ‖ base64url(salt ‖ AES-256-GCM(key, nonce, plaintext, associated data))
//! ```
//!
//! Associated data is the text's header (version and key id), then the place, each field behind its length.
//!
//! # Why it holds
//!
//! - **No nonce is spent twice.** Every value has a key and a nonce of its own, derived from its salt; two
//!   values share them only if two 256-bit salts are equal. So no key comes near the 2³² messages at which
//!   random 96-bit nonces end (NIST SP 800-38D section 8.3), and nothing needs counting, on any replica.
//! - **A text opens only where it was sealed.** Organization, record and field are authenticated; a text
//!   copied to another row, column or tenant gives [`SealError::Integrity`]. Lengths stand before fields, so
//!   no two places read alike.
//! - **Purposes do not mix.** The purpose is part of the derivation (RFC 5869 section 3.2): a wrapped data key
//!   is never taken for a broker's record, nor the other way round, though one master key made both.
//! - **One key is tried.** The id in the text chooses it and is itself authenticated. There is no trial
//!   decryption and no fallback, so nothing is learnt by offering a text to many keys.
//! - **All or nothing.** Plaintext leaves this crate only after the tag has matched. One flipped bit anywhere,
//!   unused base64 bits included, is an error.
//! - **Keys do not linger.** Each lives in one place on the heap and is wiped on drop, and no `Debug` or error
//!   shows any part of them. A data key's id is derived from it and tells nothing about it.
//!
//! # What it does not do
//!
//! An older text of the same place opens: whoever can write the database can roll a value back. Where that
//! matters, make the version part of [`Place::record`]. The length of a plaintext shows in its text.

mod check_value;
mod data_key;
mod error;
mod key;
mod record;
mod ring;
mod ring_text;
mod sealed_text;

pub use data_key::{DataKey, Place};
pub use error::SealError;
pub use ring::KeyRing;
pub use ring_text::KeyRingError;
