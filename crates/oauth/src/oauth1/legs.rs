//! The three legs (RFC 5849 section 2).

use http::header::AUTHORIZATION;
use http::{Method, Request, Uri};
use secrecy::{ExposeSecret as _, SecretString};

use super::signer::{Signer, Stamp};
use crate::authorize::with_parameters;
use crate::endpoint::{self, InvalidEndpoint};

/// The request for temporary credentials (section 2.1). `callback` is where the vendor sends the browser afterwards,
/// as registered there. It may be sent again, with another stamp: each answer is as good as the last.
///
/// # Errors
/// The address is no endpoint.
pub fn temporary_credentials_request(
    address: &str,
    signer: &Signer<'_>,
    callback: &str,
    stamp: &Stamp,
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    post(address, signer, ("oauth_callback", callback), stamp)
}

/// Where the user is sent to say yes to a temporary token (section 2.2): `oauth_token`, then what the connector adds.
///
/// # Errors
/// The address is no endpoint, or holds `oauth_token` itself.
pub fn authorization_url(
    address: &str,
    temporary_token: &str,
    extra: &[(String, String)],
) -> Result<String, InvalidEndpoint> {
    with_parameters(
        address,
        &["oauth_token"],
        vec![("oauth_token", temporary_token)],
        extra,
    )
}

/// The request that turns a verifier into token credentials (section 2.3), signed with the temporary ones. A vendor
/// takes a verifier once.
///
/// # Errors
/// The address is no endpoint.
pub fn token_request(
    address: &str,
    signer: &Signer<'_>,
    verifier: &SecretString,
    stamp: &Stamp,
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    post(
        address,
        signer,
        ("oauth_verifier", verifier.expose_secret()),
        stamp,
    )
}

/// A POST without a body: all there is to say stands in the header.
fn post(
    address: &str,
    signer: &Signer<'_>,
    parameter: (&str, &str),
    stamp: &Stamp,
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let uri: Uri = endpoint::parse(address)?
        .as_str()
        .parse()
        .map_err(|_| InvalidEndpoint::NotAUrl)?;
    let authorization = signer
        .authorization_with(&[parameter], &Method::POST, &uri, None, stamp)
        .map_err(|_| InvalidEndpoint::Realm)?;
    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_sent_with_the_temporary_token_alone() {
        let extra = [("oauth_token", "evil"), ("perms", "read write")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            authorization_url("https://vendor.example/authorize?v=1", "t/1+", &extra).unwrap(),
            "https://vendor.example/authorize?v=1&oauth_token=t%2F1%2B&perms=read%20write"
        );
        assert_eq!(
            authorization_url("https://vendor.example/authorize?oauth_token=x", "t", &[]),
            Err(InvalidEndpoint::HoldsParameter("oauth_token"))
        );
    }
}
