//! How a connector authenticates its users.

use crate::discovered::Discovery;
use crate::long_lived::LongLived;
use crate::oauth1::OAuth1;
use crate::template::Template;
use crate::token_server::TokenServer;

/// The ways to authenticate that a file may declare.
#[derive(Clone, Debug)]
pub enum Auth {
    /// The authorization code grant (RFC 6749 section 4.1).
    OAuth2(Box<OAuth2>),
    /// OAuth 1.0a (RFC 5849).
    OAuth1(Box<OAuth1>),
    /// The client credentials grant (RFC 6749 section 4.4).
    ClientCredentials(Box<TokenServer>),
    /// A key that the vendor issued.
    ApiKey(ApiKey),
    /// User name and password (RFC 7617).
    Basic(Basic),
    /// Nothing at all.
    None,
}

impl Auth {
    /// The contract's word for it ("Element object", `authentication.type`); what it has no word for is `custom`.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Self::OAuth2(_) => "oauth2",
            Self::OAuth1(_) => "oauth1",
            Self::Basic(_) => "basic",
            Self::ClientCredentials(_) | Self::ApiKey(_) | Self::None => "custom",
        }
    }
}

/// What a form calls the vendor's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The vendor's own word for it.
    pub label: String,
    /// A sentence that says where to find it; may be empty.
    pub help: String,
}

/// What a form calls user name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic {
    /// The vendor's own word for the user name.
    pub username_label: String,
    /// The vendor's own word for the password.
    pub password_label: String,
    /// A sentence that says where to find them; may be empty.
    pub help: String,
}

/// What a vendor's OAuth 2 server wants.
#[derive(Clone, Debug)]
pub struct OAuth2 {
    /// Where the user logs in (RFC 6749 section 3.1).
    pub authorization_url: Template,
    /// Extra parameters of the authorization URL, in the file's order.
    pub authorize_params: Vec<(String, Template)>,
    /// What the vendor calls parameters of the authorization URL otherwise; an empty name leaves one out.
    pub authorize_names: Vec<(String, String)>,
    /// What the vendor's callback calls the code.
    pub callback_code: String,
    /// What the vendor takes for a `redirect_uri` in place of the address, as registered there.
    pub redirect_uri: Option<Template>,
    /// Where codes and refresh tokens become tokens.
    pub tokens: TokenServer,
    /// What goes with a code besides.
    pub token_sends: Vec<Sent>,
    /// Where refresh tokens are spent, when that is elsewhere than where codes are.
    pub refresh_url: Option<Template>,
    /// Extra parameters of a refresh, in place of those of every token request.
    pub refresh_params: Option<Vec<(String, Template)>>,
    /// What goes with a refresh token besides.
    pub refresh_sends: Vec<Sent>,
    /// The request after the code, where its token ends soon.
    pub long_lived: Option<LongLived>,
    /// Whether a code verifier goes with the code (RFC 7636).
    pub pkce: Pkce,
    /// Whether the vendor issues refresh tokens: a hint, rotation is handled always.
    pub refresh: Refresh,
    /// The issuer, compared as a plain string with `iss` (RFC 9207).
    pub issuer: Option<String>,
    /// Whether a callback without `iss` is refused.
    pub iss_required: bool,
    /// What the file leaves to the issuer's metadata; `None`: nothing, it is not asked.
    pub discovery: Option<Discovery>,
}

impl OAuth2 {
    /// What an authorization URL always says (RFC 6749 section 4.1.1, RFC 7636): no address may say otherwise.
    pub(crate) const OF_AUTHORIZATION: [&str; 7] = [
        "scope",
        "response_type",
        "redirect_uri",
        "state",
        "client_id",
        "code_challenge",
        "code_challenge_method",
    ];
}

/// What RFC 6749 would not send along, and a vendor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The scope that was asked for or granted.
    Scope,
    /// The `redirect_uri` of the login.
    RedirectUri,
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
