//! Sealed text.

/// A secret as it is stored: sealed by the caller, opaque here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// Marks text as sealed; that it is, the caller knows.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The sealed text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
