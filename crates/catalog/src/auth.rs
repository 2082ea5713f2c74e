//! How a connector authenticates its users.

use crate::template::Template;

/// The ways to authenticate that a file may declare.
#[derive(Clone, Debug)]
pub enum Auth {
    /// The authorization code grant (RFC 6749 section 4.1).
    OAuth2(Box<OAuth2>),
    /// OAuth 1.0a (RFC 5849).
    OAuth1,
    /// The client credentials grant (RFC 6749 section 4.4).
    ClientCredentials,
    /// A key that the vendor issued.
    ApiKey,
    /// User name and password (RFC 7617).
    Basic,
    /// Nothing at all.
    None,
}

impl Auth {
    /// The contract's word for it ("Element object", `authentication.type`); what it has no word for is `custom`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::OAuth2(_) => "oauth2",
            Self::OAuth1 => "oauth1",
            Self::Basic => "basic",
            Self::ClientCredentials | Self::ApiKey | Self::None => "custom",
        }
    }
}

/// What a vendor's OAuth 2 server wants.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Where the user logs in (RFC 6749 section 3.1).
    pub authorization_url: Template,
    /// Where codes and refresh tokens become tokens (RFC 6749 section 3.2).
    pub token_url: Template,
    /// Scopes asked for when the caller names none.
    pub scopes: Vec<String>,
    /// What stands between two scopes; RFC 6749 says a space.
    pub scope_separator: String,
    /// Extra parameters of the authorization URL, in the file's order.
    pub authorize_params: Vec<(String, Template)>,
    /// Extra parameters of every token request, in the file's order.
    pub token_params: Vec<(String, String)>,
    /// How the client authenticates (RFC 6749 section 2.3.1).
    pub client_auth: ClientAuth,
    /// How a token request is written.
    pub token_request: TokenRequestFormat,
    /// Whether a code verifier goes with the code (RFC 7636).
    pub pkce: Pkce,
    /// Whether the vendor issues refresh tokens: a hint, rotation is handled always.
    pub refresh: Refresh,
    /// Where tokens are revoked (RFC 7009).
    pub revocation_url: Option<Template>,
    /// The issuer, compared as a plain string with `iss` (RFC 9207).
    pub issuer: Option<String>,
    /// Whether a callback without `iss` is refused.
    pub iss_required: bool,
    /// Whether the issuer publishes metadata (RFC 8414) that endpoints may be taken from.
    pub discovery: bool,
}

impl OAuth2 {
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
}

/// How the body of a token request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenRequestFormat {
    /// `application/x-www-form-urlencoded`, as RFC 6749 has it.
    Form,
    /// `application/json`.
    Json,
}

/// What the vendor makes of a code verifier (RFC 7636).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// The vendor refuses to work without one.
    Required,
    /// The vendor checks one that is sent.
    S256,
    /// The vendor must not be sent one.
    Off,
}

/// What becomes of a refresh token when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// None is issued.
    None,
    /// It stays.
    Reusable,
    /// A new one takes its place.
    Rotating,
}
