//! Why a service refuses: one vocabulary, carried as `google.rpc.ErrorInfo` in a gRPC status.

use std::collections::HashMap;
use std::fmt;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The `domain` of our `google.rpc.ErrorInfo`.
const DOMAIN: &str = "ferrule";

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $code:ident,)*) => {
        /// Why a call was refused. The text travels; the HTTP status is the gateway's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $name,)*
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The reason as it travels.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }

            /// The gRPC code it travels with.
            pub fn code(self) -> Code {
                match self {
                    $(Self::$name => Code::$code,)*
                }
            }
        }
    };
}

reasons! {
    /// The request is malformed, or a required parameter is missing or wrong.
    InvalidRequest = "INVALID_REQUEST" => InvalidArgument,
    /// The credentials are missing, wrong, or do not belong together.
    Unauthenticated = "UNAUTHENTICATED" => Unauthenticated,
    /// The credentials are good, and do not allow this.
    Forbidden = "FORBIDDEN" => PermissionDenied,
    /// No connector has this key or id.
    ElementUnknown = "ELEMENT_UNKNOWN" => NotFound,
    /// The caller has no such instance.
    InstanceUnknown = "INSTANCE_UNKNOWN" => NotFound,
    /// No app is stored for this connector.
    AppUnknown = "APP_UNKNOWN" => NotFound,
    /// No connect session has this id or link, or it belongs to somebody else.
    ConnectUnknown = "CONNECT_UNKNOWN" => NotFound,
    /// The connect session's time is over.
    ConnectExpired = "CONNECT_EXPIRED" => FailedPrecondition,
    /// The connect session has made its instance.
    ConnectSpent = "CONNECT_SPENT" => FailedPrecondition,
    /// No handshake was ever kept under this state, or it belongs to somebody else.
    StateUnknown = "STATE_UNKNOWN" => NotFound,
    /// The handshake is older than its ten minutes.
    StateExpired = "STATE_EXPIRED" => NotFound,
    /// The user has not come back from the vendor yet.
    StatePending = "STATE_PENDING" => FailedPrecondition,
    /// The handshake has had its callback, or its code was claimed.
    StateSpent = "STATE_SPENT" => InvalidArgument,
    /// What the caller repeats differs from what the handshake holds.
    StateMismatch = "STATE_MISMATCH" => InvalidArgument,
    /// The callback came on another connector's path.
    CallbackMismatch = "CALLBACK_MISMATCH" => InvalidArgument,
    /// The callback came from another browser than the one that began.
    BrowserMismatch = "BROWSER_MISMATCH" => InvalidArgument,
    /// The callback names another issuer, or none where one is required (RFC 9207).
    IssuerMismatch = "ISSUER_MISMATCH" => InvalidArgument,
    /// The user said no at the vendor.
    UserDenied = "USER_DENIED" => InvalidArgument,
    /// The code was used before, for another instance or for one that is deleted.
    CodeSpent = "CODE_SPENT" => InvalidArgument,
    /// The vendor refused the code or the client.
    VendorRejected = "VENDOR_REJECTED" => InvalidArgument,
    /// No connection to the vendor; nothing was sent.
    VendorUnreachable = "VENDOR_UNREACHABLE" => Unavailable,
    /// The code was sent, and the vendor's answer is not known.
    ExchangeUnknown = "EXCHANGE_UNKNOWN" => Unavailable,
    /// The same code is being exchanged right now.
    ExchangeInFlight = "EXCHANGE_IN_FLIGHT" => Unavailable,
    /// The vendor no longer honours the instance's tokens.
    ReauthorizationRequired = "REAUTHORIZATION_REQUIRED" => FailedPrecondition,
    /// The instance was disabled by its owners.
    InstanceDisabled = "INSTANCE_DISABLED" => FailedPrecondition,
    /// The vendor refuses the app itself: its key or secret is wrong, or it was suspended there.
    AppMisconfigured = "APP_MISCONFIGURED" => FailedPrecondition,
    /// The Idempotency-Key came before with another body.
    IdempotencyConflict = "IDEMPOTENCY_CONFLICT" => AlreadyExists,
    /// A store or a peer is away; the request may be repeated.
    Unavailable = "UNAVAILABLE" => Unavailable,
    /// The key ring does not open the database: nothing is sealed or opened.
    Sealed = "SEALED" => Unavailable,
    /// A fault of ours. The log has the cause.
    Internal = "INTERNAL" => Internal,
}

impl Reason {
    /// The reason that travels as this text.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == text)
    }
}

/// A refusal: the reason, words for the caller, and what the vendor said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What happened and what to do, for the caller. Holds no secret.
    pub message: String,
    /// The vendor's words, already cleaned; the contract's `providerMessage`.
    pub provider_message: Option<String>,
}

impl Refusal {
    /// A refusal in our own words.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            provider_message: None,
        }
    }

    /// Adds the vendor's words; empty ones are left out.
    #[must_use]
    pub fn with_provider_message(mut self, words: impl Into<String>) -> Self {
        let words = words.into();
        self.provider_message = (!words.is_empty()).then_some(words);
        self
    }

    /// A fault of ours: the cause goes to the log, the caller learns that it happened.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "internal error");
        Self::new(
            Reason::Internal,
            "Something went wrong in Ferrule. The log has the cause under this request id.",
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.as_str(), self.message)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let metadata: HashMap<String, String> = refusal
            .provider_message
            .map(|words| ("provider_message".to_owned(), words))
            .into_iter()
            .collect();
        let details = ErrorDetails::with_error_info(refusal.reason.as_str(), DOMAIN, metadata);
        Status::with_error_details(refusal.reason.code(), refusal.message, details)
    }
}

impl From<Status> for Refusal {
    /// A status without our `ErrorInfo` came from the transport: its words are for the log.
    fn from(status: Status) -> Self {
        let info = status
            .get_details_error_info()
            .filter(|info| info.domain == DOMAIN);
        if let Some(info) = info
            && let Some(reason) = Reason::from_text(&info.reason)
        {
            let words = info.metadata.get("provider_message").cloned().unwrap_or_default();
            return Self::new(reason, status.message()).with_provider_message(words);
        }
        tracing::warn!(code = ?status.code(), cause = status.message(), "a service did not answer");
        // What broke off on this side has a cause; what the other side said has none.
        let broke_off = std::error::Error::source(&status).is_some();
        match status.code() {
            Code::Internal | Code::Unknown | Code::Unimplemented | Code::DataLoss if !broke_off => Self::new(
                Reason::Internal,
                "Something went wrong in Ferrule. Try again; the log has the cause.",
            ),
            _ => Self::new(
                Reason::Unavailable,
                "A part of Ferrule did not answer in time. Try again in a moment.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_survives_the_wire() {
        for reason in Reason::ALL {
            let refusal = Refusal::new(*reason, "words").with_provider_message("vendor's");
            assert_eq!(Refusal::from(Status::from(refusal.clone())), refusal);
        }
    }

    #[test]
    fn a_status_that_is_not_ours_tells_nothing_of_its_words() {
        for (code, reason) in [
            (Code::Unavailable, Reason::Unavailable),
            (Code::DeadlineExceeded, Reason::Unavailable),
            (Code::Internal, Reason::Internal),
            (Code::Unknown, Reason::Internal),
        ] {
            let refusal = Refusal::from(Status::new(code, "secret words"));
            assert_eq!(refusal.reason, reason);
            assert!(!refusal.message.contains("secret"));
        }
    }

    #[test]
    fn a_connection_that_breaks_is_a_peer_that_is_away() {
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let status = Status::from_error(Box::new(broken));
        assert_eq!(status.code(), Code::Unknown);
        assert_eq!(Refusal::from(status).reason, Reason::Unavailable);
    }
}
