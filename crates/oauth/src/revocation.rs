//! Asking a vendor to forget a token (RFC 7009).

use http::Request;
use secrecy::{ExposeSecret as _, SecretString};

use crate::client::{BodyFormat, Client};
use crate::endpoint::InvalidEndpoint;

/// Which of the two tokens is meant (RFC 7009 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHint {
    /// An access token.
    AccessToken,
    /// A refresh token; its access tokens should end with it.
    RefreshToken,
}

impl TokenHint {
    fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// The request that revokes a token. The vendor answers 200 for an unknown one too; 503 means that the token
/// still lives and the request may be repeated (RFC 7009 section 2.2).
///
/// # Errors
/// The revocation URL is no endpoint.
pub fn revocation_request(
    revocation_url: &str,
    client: &Client<'_>,
    token: &SecretString,
    hint: TokenHint,
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let mut fields = vec![
        ("token", token.expose_secret()),
        ("token_type_hint", hint.as_str()),
    ];
    fields.extend(client.fields());
    client.post(revocation_url, &fields, BodyFormat::Form)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientAuth;

    #[test]
    fn a_token_is_revoked_by_form() {
        let secret = "s".into();
        let client = Client {
            id: "id",
            secret: &secret,
            auth: ClientAuth::Body,
        };
        let request = revocation_request(
            "https://vendor.example/revoke",
            &client,
            &"t".into(),
            TokenHint::RefreshToken,
        );
        assert_eq!(
            String::from_utf8(request.unwrap().into_body()).unwrap(),
            "token=t&token_type_hint=refresh_token&client_id=id&client_secret=s"
        );
    }
}
