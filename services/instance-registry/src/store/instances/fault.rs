//! Why an instance is not valid.

/// A verdict on an instance. Its text is stored, and shown as the instance's `reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The vendor no longer honours its refresh token: its user must log in again.
    ReauthorizationRequired,
    /// The vendor refuses its app; the tokens themselves may be good.
    AppMisconfigured,
}

impl Fault {
    /// The verdict as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReauthorizationRequired => "REAUTHORIZATION_REQUIRED",
            Self::AppMisconfigured => "APP_MISCONFIGURED",
        }
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        [Self::ReauthorizationRequired, Self::AppMisconfigured]
            .into_iter()
            .find(|fault| fault.as_str() == text)
    }
}
