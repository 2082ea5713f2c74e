//! Where a vendor's token answer holds what RFC 6749 section 5.1 names.

/// The shape of a token answer. The default is that of RFC 6749.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerShape {
    /// The object that holds the tokens, by a path of names with dots between; `None`: the answer itself.
    pub within: Option<String>,
    /// What the access token is called in there.
    pub access_token: String,
    /// What the refresh token is called in there.
    pub refresh_token: String,
    /// What the scope is called in there.
    pub scope: String,
    /// What says when the access token ends is called so in there.
    pub expires: String,
    /// How it says that.
    pub expires_as: ExpiresAs,
    /// Where a refusal stands, by a path from the answer's top. Empty, `0`, `false` and `null` are none.
    pub error: String,
    /// Where its words stand, by a path from the answer's top.
    pub error_description: String,
}

/// How a vendor says when an access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiresAs {
    /// A lifetime in seconds, as RFC 6749 has it.
    Seconds,
    /// A lifetime in milliseconds.
    Milliseconds,
    /// A moment, in seconds since 1970.
    AtSeconds,
    /// A moment, in milliseconds since 1970.
    AtMilliseconds,
    /// A moment, as RFC 3339 writes it.
    At,
}

impl Default for AnswerShape {
    fn default() -> Self {
        Self {
            within: None,
            access_token: "access_token".to_owned(),
            refresh_token: "refresh_token".to_owned(),
            scope: "scope".to_owned(),
            expires: "expires_in".to_owned(),
            expires_as: ExpiresAs::Seconds,
            error: "error".to_owned(),
            error_description: "error_description".to_owned(),
        }
    }
}
