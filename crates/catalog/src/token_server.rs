//! Where a vendor hands out OAuth 2 tokens, and how it wants to be asked.

use crate::answer::AnswerShape;
use crate::template::Template;

/// A vendor's token endpoint, whatever is turned into tokens there.
#[derive(Clone, Debug)]
pub struct TokenServer {
    /// Where codes, refresh tokens and client credentials become tokens (RFC 6749 section 3.2).
    pub token_url: Template,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_url: Option<Template>,
    /// Scopes asked for when the caller names none.
    pub scopes: Vec<String>,
    /// What stands between two scopes; RFC 6749 says a space.
    pub scope_separator: String,
    /// Extra parameters of every token request, in the file's order.
    pub token_params: Vec<(String, Template)>,
    /// What the vendor calls parameters of token requests otherwise; an empty name leaves one out.
    pub token_names: Vec<(String, String)>,
    /// How the client authenticates (RFC 6749 section 2.3.1).
    pub client_auth: ClientAuth,
    /// How a token request is written.
    pub token_request: TokenRequestFormat,
    /// How its answers read.
    pub answer: AnswerShape,
}

impl TokenServer {
    /// The default scopes as one text.
    pub fn scope(&self) -> String {
        self.scopes.join(&self.scope_separator)
    }
}

/// Where the client id and secret stand in a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the body.
    Body,
    /// In an `Authorization: Basic` header.
    Basic,
    /// The secret alone, as the user name of such a header.
    SecretAsUser,
}

/// How the body of a token request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRequestFormat {
    /// `application/x-www-form-urlencoded`, as RFC 6749 has it.
    Form,
    /// `application/json`.
    Json,
}
