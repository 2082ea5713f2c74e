//! Why a sealed text did not open.

/// Why a sealed text did not open. Nothing of its plaintext was released.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum SealError {
    /// The text names a key that is not at hand: a ring without it, or another organization's data key.
    #[error(
        "sealed under the key {id:?}, which is not at hand: a key stays in the ring while it seals anything"
    )]
    UnknownKey {
        /// The id that the text names.
        id: String,
    },
    /// The text is not in the sealed form, or what it holds has not the expected shape.
    #[error("not a sealed text of version v1")]
    Malformed,
    /// The text was altered, moved from another place, or sealed under another key of the same id.
    #[error(
        "the sealed text failed its integrity check: altered, moved, or sealed under another key of that id"
    )]
    Integrity,
}
