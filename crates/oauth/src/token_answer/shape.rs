//! Where an answer holds what is wanted.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The shape of a token answer; the default is that of RFC 6749 section 5. Paths are names with dots between.
#[derive(Clone, Copy, Debug)]
pub struct AnswerShape<'a> {
    /// The path of the object that holds the tokens; `None`: the answer itself.
    pub within: Option<&'a str>,
    /// What the access token is called in there.
    pub access_token: &'a str,
    /// What the refresh token is called in there.
    pub refresh_token: &'a str,
    /// What the scope is called in there.
    pub scope: &'a str,
    /// What says in there when the access token ends.
    pub expires: &'a str,
    /// How it says that.
    pub expires_as: ExpiresAs,
    /// The path of a refusal, from the answer's top.
    pub error: &'a str,
    /// The path of its words, from the answer's top.
    pub error_description: &'a str,
}

/// How an answer says when the access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiresAs {
    /// A lifetime in seconds.
    Seconds,
    /// A lifetime in milliseconds.
    Milliseconds,
    /// Seconds since 1970.
    AtSeconds,
    /// Milliseconds since 1970.
    AtMilliseconds,
    /// RFC 3339.
    At,
}

impl Default for AnswerShape<'_> {
    fn default() -> Self {
        Self {
            within: None,
            access_token: "access_token",
            refresh_token: "refresh_token",
            scope: "scope",
            expires: "expires_in",
            expires_as: ExpiresAs::Seconds,
            error: "error",
            error_description: "error_description",
        }
    }
}

impl ExpiresAs {
    /// The moment that a text or number means. `None`, the token does not expire: it is unreadable, zero, negative
    /// or beyond the calendar.
    pub(super) fn moment(self, text: &str, requested_at: Timestamp) -> Option<Timestamp> {
        let text = text.trim();
        if self == Self::At {
            return text.parse().ok();
        }
        let number = text.parse::<f64>().ok().filter(|number| *number > 0.0)?;
        let seconds = match self {
            Self::Milliseconds | Self::AtMilliseconds => number / 1000.0,
            _ => number,
        };
        let since = match self {
            Self::AtSeconds | Self::AtMilliseconds => Timestamp::UNIX_EPOCH,
            _ => requested_at,
        };
        let lifetime = SignedDuration::try_from(Duration::try_from_secs_f64(seconds).ok()?).ok()?;
        since.checked_add(lifetime).ok()
    }
}
