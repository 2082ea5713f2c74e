//! The value of a header of API calls: the only text that a credential may stand in.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::parameter::{Parameter, ParameterError, Parameters};
use crate::pieces::{Declared, Part, split, value};

/// By this name headers know the id of an instance's vendor app; no parameter has it.
pub const CLIENT_ID: &str = "client_id";

/// A header's value with placeholders: declared parameters, `{client_id}`, `{access_token}` and `{api_key}`.
#[derive(Clone, Debug)]
pub struct HeaderTemplate {
    pieces: Vec<HeaderPiece>,
}

#[derive(Clone, Debug)]
enum HeaderPiece {
    Literal(String),
    Value(Arc<Parameter>),
    ClientId,
    AccessToken,
    ApiKey,
}

/// The credentials of one call to the vendor's API.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// Fills `{access_token}`.
    pub access_token: Option<&'a SecretString>,
    /// Fills `{api_key}`.
    pub api_key: Option<&'a SecretString>,
}

impl HeaderTemplate {
    /// The error says what to write instead.
    pub(crate) fn parse(text: &str, declared: &Declared) -> Result<Self, String> {
        if text.chars().any(char::is_control) {
            return Err("a header's value holds no control characters: remove them".to_owned());
        }
        let pieces = split(text)?.into_iter().map(|part| match part {
            Part::Literal(literal) => Ok(HeaderPiece::Literal(literal.to_owned())),
            Part::Name("access_token") => Ok(HeaderPiece::AccessToken),
            Part::Name("api_key") => Ok(HeaderPiece::ApiKey),
            Part::Name(CLIENT_ID) => Ok(HeaderPiece::ClientId),
            Part::Name(name) => declared.in_header(name).map(HeaderPiece::Value),
        });
        Ok(Self {
            pieces: pieces.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it holds an optional parameter that has no value: then the header is left out.
    pub fn is_left_out(&self, values: &Parameters) -> bool {
        self.pieces.iter().any(|piece| match piece {
            HeaderPiece::Value(parameter) => !parameter.required && values.get(&parameter.name).is_none(),
            _ => false,
        })
    }

    /// The placeholders of credentials in it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &'static str> {
        self.pieces.iter().filter_map(|piece| match piece {
            HeaderPiece::AccessToken => Some("access_token"),
            HeaderPiece::ApiKey => Some("api_key"),
            HeaderPiece::Literal(_) | HeaderPiece::Value(_) | HeaderPiece::ClientId => None,
        })
    }

    /// Whether `{client_id}` stands in it.
    pub fn wants_client_id(&self) -> bool {
        let is_client_id = |piece: &HeaderPiece| matches!(piece, HeaderPiece::ClientId);
        self.pieces.iter().any(is_client_id)
    }

    /// The header's value, with no control character in it. The id of the instance's vendor app is the value named
    /// [`CLIENT_ID`].
    pub fn render(
        &self,
        values: &Parameters,
        credentials: Credentials<'_>,
    ) -> Result<SecretString, ParameterError> {
        let mut text = String::new();
        for piece in &self.pieces {
            text.push_str(match piece {
                HeaderPiece::Literal(literal) => literal,
                HeaderPiece::Value(parameter) => value(parameter, values)?,
                HeaderPiece::ClientId => client_id(values)?,
                HeaderPiece::AccessToken => credential("access_token", credentials.access_token)?,
                HeaderPiece::ApiKey => credential("api_key", credentials.api_key)?,
            });
        }
        Ok(text.into())
    }
}

fn client_id(values: &Parameters) -> Result<&str, ParameterError> {
    let id = values
        .get(CLIENT_ID)
        .filter(|id| !id.chars().any(char::is_control));
    id.ok_or_else(|| ParameterError::Missing {
        name: CLIENT_ID.to_owned(),
        label: "the id of the vendor app".to_owned(),
    })
}

fn credential<'a>(name: &str, secret: Option<&'a SecretString>) -> Result<&'a str, ParameterError> {
    let (name, label) = (name.to_owned(), "the vendor's credential".to_owned());
    let Some(secret) = secret.map(SecretString::expose_secret) else {
        return Err(ParameterError::Missing { name, label });
    };
    if secret.chars().any(char::is_control) {
        let expected = "no control characters".to_owned();
        return Err(ParameterError::Invalid {
            name,
            label,
            expected,
        });
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_cannot_end_its_header() {
        let template = HeaderTemplate::parse("Bearer {access_token}", &Declared::default()).unwrap();
        let render = |token: &str| {
            let token = SecretString::from(token);
            let credentials = Credentials {
                access_token: Some(&token),
                ..Credentials::default()
            };
            template
                .render(&Parameters::default(), credentials)
                .map(|text| text.expose_secret().to_owned())
        };
        assert_eq!(render("abc").unwrap(), "Bearer abc");
        assert!(matches!(
            render("abc\r\nHost: x"),
            Err(ParameterError::Invalid { .. })
        ));
    }
}
