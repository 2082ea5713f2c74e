//! A text or an address with `{name}` placeholders.

use crate::address::{Address, AddressRules};
use crate::parameter::{ParameterError, Parameters};
use crate::pieces::{Declared, Piece, value};

/// A text with `{name}` placeholders, each a declared and non-secret parameter.
#[derive(Clone, Debug)]
pub struct Template {
    text: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Text(Vec<Piece>),
    Address(Address),
    LeftOut,
}

impl Template {
    /// A text; the error says what to write instead.
    pub(crate) fn text(text: &str, declared: &Declared) -> Result<Self, String> {
        Ok(Self {
            text: text.to_owned(),
            form: Form::Text(Piece::all(text, declared)?),
        })
    }

    /// An address; each error says what to write instead.
    pub(crate) fn address(text: &str, rules: &AddressRules<'_>) -> Result<Self, Vec<String>> {
        Ok(Self {
            text: text.to_owned(),
            form: Form::Address(Address::parse(text, rules)?),
        })
    }

    /// An address that the file leaves to its issuer's metadata. Its text is empty, and nothing renders it.
    pub(crate) fn left_out() -> Self {
        Self {
            text: String::new(),
            form: Form::LeftOut,
        }
    }

    /// Whether the file leaves it to its issuer's metadata.
    pub(crate) fn is_left_out(&self) -> bool {
        matches!(self.form, Form::LeftOut)
    }

    /// The text as the file has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host as the file has it, placeholders and all; empty where the text is no address.
    pub fn host(&self) -> &str {
        let rest = self.text.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        }
    }

    /// The names of the parameters it holds, in the text's order; twice where one stands twice.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let pieces: Box<dyn Iterator<Item = &Piece>> = match &self.form {
            Form::Text(pieces) => Box::new(pieces.iter()),
            Form::Address(address) => Box::new(address.pieces()),
            Form::LeftOut => Box::new(std::iter::empty()),
        };
        pieces
            .filter_map(Piece::parameter)
            .map(|parameter| parameter.name.as_str())
    }

    /// The text with its values in place.
    ///
    /// In an address, a value inside the host must be plain letters, digits, `.`, `-` and `_`; elsewhere it is
    /// percent-encoded. What comes out has the host, path segments and query parameters that the template says.
    pub fn render(&self, values: &Parameters) -> Result<String, ParameterError> {
        match &self.form {
            Form::Address(address) => address.render(&self.text, values),
            Form::LeftOut => Err(ParameterError::Undiscovered),
            Form::Text(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Literal(literal) => Ok(literal.as_str()),
                    Piece::Value(parameter) => value(parameter, values),
                })
                .collect(),
        }
    }

    /// The address inside, when it is one.
    pub(crate) fn as_address(&self) -> Option<&Address> {
        match &self.form {
            Form::Address(address) => Some(address),
            Form::Text(_) | Form::LeftOut => None,
        }
    }
}
