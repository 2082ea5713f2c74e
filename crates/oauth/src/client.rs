//! The vendor app, and how a request to a vendor's endpoint proves to come from it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::endpoint::{self, InvalidEndpoint};
use crate::names::Names;

/// How the client's credentials travel (RFC 6749 section 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// As `client_id` and `client_secret` among the fields.
    Body,
    /// As an `Authorization: Basic` header, and nowhere else.
    Basic,
    /// The secret alone, as the user name of such a header.
    SecretAsUser,
}

/// How the fields of a token request are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`, as RFC 6749 has it.
    Form,
    /// A JSON object of strings, as some vendors want it.
    Json,
}

/// How the fields of a token request are written, and what the vendor calls them.
#[derive(Clone, Copy, Debug)]
pub struct Wording<'a> {
    /// What the body is.
    pub format: BodyFormat,
    /// The vendor's names.
    pub names: Names<'a>,
}

impl From<BodyFormat> for Wording<'_> {
    /// With the names of RFC 6749.
    fn from(format: BodyFormat) -> Self {
        Self {
            format,
            names: Names::default(),
        }
    }
}

/// A vendor app: what the vendor knows the caller by.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// `client_id`, the contract's API key.
    pub id: &'a str,
    /// `client_secret`, the contract's API secret. Empty: a public client, which sends none.
    pub secret: &'a SecretString,
    /// How the two travel.
    pub auth: ClientAuth,
}

impl<'a> Client<'a> {
    /// The credentials that stand among a request's fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let in_body = self.auth == ClientAuth::Body;
        let secret = self.secret.expose_secret();
        [
            in_body.then_some(("client_id", self.id)),
            (in_body && !secret.is_empty()).then_some(("client_secret", secret)),
        ]
        .into_iter()
        .flatten()
    }

    /// The `Authorization` header, both halves form-encoded first (RFC 6749 section 2.3.1).
    fn basic(&self) -> Option<HeaderValue> {
        let secret = self.secret.expose_secret();
        let (user, password) = match self.auth {
            ClientAuth::Body => return None,
            ClientAuth::Basic => (self.id, secret),
            ClientAuth::SecretAsUser => (secret, ""),
        };
        let mut pair: String = byte_serialize(user.as_bytes()).collect();
        pair.push(':');
        pair.extend(byte_serialize(password.as_bytes()));
        let mut header = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    /// A POST of these fields to a vendor's endpoint.
    pub(crate) fn post(
        &self,
        address: &str,
        fields: &[(&str, &str)],
        wording: impl Into<Wording<'a>>,
    ) -> Result<Request<Vec<u8>>, InvalidEndpoint> {
        let uri: Uri = endpoint::parse(address)?
            .as_str()
            .parse()
            .map_err(|_| InvalidEndpoint::NotAUrl)?;
        let Wording { format, names } = wording.into();
        let fields = fields
            .iter()
            .filter_map(|&(name, value)| Some((names.of(name)?, value)));
        let fields: Vec<(&str, &str)> = fields.collect();
        let (content_type, body) = match format {
            BodyFormat::Form => ("application/x-www-form-urlencoded", form(&fields)),
            BodyFormat::Json => ("application/json", json(&fields)),
        };
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some(basic) = self.basic() {
            headers.insert(AUTHORIZATION, basic);
        }
        Ok(request)
    }
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
        .into_bytes()
}

fn json(fields: &[(&str, &str)]) -> Vec<u8> {
    let object: Map<String, Value> = fields
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.into()))
        .collect();
    Value::Object(object).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(id: &str, secret: &str, auth: ClientAuth) -> Option<HeaderValue> {
        let secret = secret.into();
        let client = Client {
            id,
            secret: &secret,
            auth,
        };
        let request = client
            .post("https://vendor.example/token", &[], BodyFormat::Form)
            .unwrap();
        request.headers().get(AUTHORIZATION).cloned()
    }

    #[test]
    fn the_vector_of_rfc_6749_section_2_3_1() {
        let header = header_of("s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", ClientAuth::Basic).unwrap();
        assert_eq!(header, "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3");
        assert!(header.is_sensitive());
    }

    #[test]
    fn both_halves_are_form_encoded_so_that_no_colon_moves() {
        let header = header_of("a:b", "c d/é", ClientAuth::Basic).unwrap();
        let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap(), b"a%3Ab:c+d%2F%C3%A9");
    }

    #[test]
    fn a_secret_may_stand_alone() {
        let header = header_of("id", "sk_1", ClientAuth::SecretAsUser).unwrap();
        let encoded = header.to_str().unwrap().strip_prefix("Basic ").unwrap();
        assert_eq!(STANDARD.decode(encoded).unwrap(), b"sk_1:");
    }

    #[test]
    fn credentials_travel_one_way_only() {
        assert_eq!(header_of("id", "secret", ClientAuth::Body), None);
        let secret = "secret".into();
        let basic = Client {
            id: "id",
            secret: &secret,
            auth: ClientAuth::Basic,
        };
        assert_eq!(basic.fields().count(), 0);
    }

    #[test]
    fn a_public_client_sends_no_secret() {
        let secret = "".into();
        let client = Client {
            id: "id",
            secret: &secret,
            auth: ClientAuth::Body,
        };
        assert_eq!(client.fields().collect::<Vec<_>>(), [("client_id", "id")]);
    }
}
