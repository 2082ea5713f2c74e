//! What a vendor's OAuth 1.0a server wants (RFC 5849).

use crate::template::Template;

/// Where the three legs go, and how requests are signed.
#[derive(Clone, Debug)]
pub struct OAuth1 {
    /// Where temporary credentials come from, the first leg (section 2.1): vendors say "request token".
    pub request_token_url: Template,
    /// Where the user says yes, the second (section 2.2).
    pub authorization_url: Template,
    /// Where a verifier becomes token credentials, the third (section 2.3): vendors say "access token".
    pub token_url: Template,
    /// Extra parameters of the authorization URL, in the file's order.
    pub authorize_params: Vec<(String, Template)>,
    /// How requests are signed.
    pub signature_method: SignatureMethod,
    /// The `realm` of the `Authorization` header, where the vendor wants one.
    pub realm: Option<String>,
}

impl OAuth1 {
    /// Where the three legs go.
    pub(crate) fn addresses(&self) -> [&Template; 3] {
        [&self.request_token_url, &self.authorization_url, &self.token_url]
    }
}

/// How requests are signed (RFC 5849 section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureMethod {
    /// `HMAC-SHA1`
    HmacSha1,
    /// `HMAC-SHA256`
    HmacSha256,
}
