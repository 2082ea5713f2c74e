//! The request that turns a fresh access token into a long-lived one, where a vendor has both.

use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};

use crate::endpoint::{self, InvalidEndpoint};

/// A `GET` with these fields in its query, or a `POST` with them as a form. They may hold secrets, as such vendors
/// want it: the address must not be logged.
///
/// # Errors
/// The address is no endpoint.
pub fn long_lived_request(
    address: &str,
    post: bool,
    fields: &[(&str, &str)],
) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
    let mut address = endpoint::parse(address)?;
    let mut request = Request::new(Vec::new());
    if post {
        *request.method_mut() = Method::POST;
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        *request.body_mut() = form.into_bytes();
        let content_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, content_type);
    } else {
        address.query_pairs_mut().extend_pairs(fields);
    }
    let uri: Result<Uri, _> = address.as_str().parse();
    *request.uri_mut() = uri.map_err(|_| InvalidEndpoint::NotAUrl)?;
    let accept = HeaderValue::from_static("application/json");
    request.headers_mut().insert(ACCEPT, accept);
    Ok(request)
}
