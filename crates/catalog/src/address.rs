//! An address with placeholders that no value can move to another host.

use url::Url;

use crate::parameter::{Parameter, ParameterError, Parameters};
use crate::pieces::{Declared, Piece, value};
use crate::reach::{Reach, is_loopback};

/// An `https://` address (or `http://` on loopback), taken apart before any value is known.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    scheme: Scheme,
    host: Vec<Piece>,
    port: Option<u16>,
    path: Vec<Piece>,
    query: Option<Vec<Piece>>,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
}

/// What an address is checked against when its file is read.
pub(crate) struct AddressRules<'a> {
    pub(crate) declared: &'a Declared,
    pub(crate) hosts: &'a [String],
    pub(crate) allow_private_networks: bool,
}

impl Address {
    /// Takes an address apart; each error says what to write instead.
    pub(crate) fn parse(text: &str, rules: &AddressRules<'_>) -> Result<Self, Vec<String>> {
        let (scheme, rest) = scheme(text).map_err(|why| vec![why])?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority).map_err(|why| vec![why])?;
        let (path, query) = tail
            .split_once('?')
            .map_or((tail, None), |(path, query)| (path, Some(query)));

        let mut errors = Vec::new();
        let mut pieces = |text| {
            Piece::all(text, rules.declared).unwrap_or_else(|why| {
                errors.push(why);
                Vec::new()
            })
        };
        let (host, path, query) = (pieces(host), pieces(path), query.map(&mut pieces));
        if !errors.is_empty() {
            return Err(errors);
        }
        let reach = Reach::of(&host, rules.hosts);
        let address = Self {
            scheme,
            host,
            port,
            path,
            query,
            reach,
        };
        errors.extend(address.errors(text, rules));
        if errors.is_empty() {
            Ok(address)
        } else {
            Err(errors)
        }
    }

    /// Everything that stands in it, in the text's order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.host
            .iter()
            .chain(&self.path)
            .chain(self.query.iter().flatten())
    }

    /// Whether the file itself, and not a value, decides which hosts it can name.
    pub(crate) fn is_bounded(&self) -> bool {
        self.reach.is_bounded()
    }

    /// What stands in this host where the address has the one parameter of its host.
    pub(crate) fn part_of<'h>(&self, host: &'h str, name: &str) -> Option<&'h str> {
        let is_it = |piece: &Piece| piece.parameter().is_some_and(|parameter| parameter.name == name);
        let at = self.host.iter().position(is_it)?;
        let (before, after) = (self.host.get(..at)?, self.host.get(at + 1..)?);
        let literal = |pieces: &[Piece]| pieces.iter().map(Piece::literal).collect::<Option<String>>();
        host.strip_prefix(&literal(before)?)?
            .strip_suffix(&literal(after)?)
    }

    /// The names of its query's parameters, as the file writes them.
    pub(crate) fn query_names(&self) -> Vec<String> {
        let query: String = self.query.iter().flatten().map(as_sample).collect();
        url::form_urlencoded::parse(query.as_bytes())
            .map(|(name, _)| name.into_owned())
            .collect()
    }

    /// The address with its values in place; `text` is what it was parsed from.
    pub(crate) fn render(&self, text: &str, values: &Parameters) -> Result<String, ParameterError> {
        let Some(first) = self.pieces().find_map(Piece::parameter) else {
            return Ok(text.to_owned());
        };
        let in_path = |piece: &Piece| match piece {
            Piece::Literal(literal) => Ok(literal.clone()),
            Piece::Value(parameter) => value(parameter, values).map(percent_encoded),
        };
        let host: String = self
            .host
            .iter()
            .map(|piece| match piece {
                Piece::Literal(literal) => Ok(literal.clone()),
                Piece::Value(parameter) => value_in_host(parameter, values),
            })
            .collect::<Result<_, _>>()?;
        let path: String = self.path.iter().map(in_path).collect::<Result<_, _>>()?;
        let query: Option<String> = self
            .query
            .as_ref()
            .map(|query| query.iter().map(in_path).collect())
            .transpose()?;
        let blamed = self.host.iter().find_map(Piece::parameter).unwrap_or(first);
        if !self.reach.contains(&host) || (self.scheme == Scheme::Http && !is_loopback(&host)) {
            return Err(blamed.invalid());
        }
        self.assemble(&host, &path, query.as_deref())
            .map_err(|_| blamed.invalid())
    }

    /// Puts the parts together and proves with a parser that they mean what they were meant to.
    fn assemble(&self, host: &str, path: &str, query: Option<&str>) -> Result<String, String> {
        let scheme = self.scheme.name();
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let question = query.map(|query| format!("?{query}")).unwrap_or_default();
        let text = format!("{scheme}://{host}{port}{path}{question}");
        let url = Url::parse(&text).map_err(|error| error.to_string())?;
        let means_what_it_says = url.scheme() == scheme
            && url.host_str() == Some(host)
            && host.split('.').all(|label| !label.is_empty())
            && url.port_or_known_default() == self.port.or(Some(self.scheme.port()))
            && (url.path() == path || (path.is_empty() && url.path() == "/"))
            && url.query() == query
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        if means_what_it_says {
            Ok(text)
        } else {
            Err(format!("a browser reads it as {url}"))
        }
    }

    fn errors(&self, text: &str, rules: &AddressRules<'_>) -> Vec<String> {
        let mut errors = Vec::new();
        for parameter in self.host.iter().filter_map(Piece::parameter) {
            if parameter.pattern.is_none() {
                errors.push(format!(
                    "parameter '{0}' stands inside a host: give '{0}' a pattern, as in pattern = \"[a-z0-9-]+\"",
                    parameter.name
                ));
            }
        }
        for parameter in self.pieces().filter_map(Piece::parameter) {
            if !parameter.required && parameter.default.is_none() {
                errors.push(format!(
                    "parameter '{}' stands in an address: give it a default, or drop required = false",
                    parameter.name
                ));
            }
        }
        if self.scheme == Scheme::Http {
            if !self.reach.stays_on_loopback() {
                errors.push("http:// is for loopback alone: write https://".to_owned());
            } else if !rules.allow_private_networks {
                errors.push(
                    "http:// on loopback needs FERRULE_ALLOW_PRIVATE_NETWORKS=true: set it, or write https://"
                        .to_owned(),
                );
            }
        }
        let sample = |pieces: &[Piece]| pieces.iter().map(as_sample).collect::<String>();
        let query = self.query.as_deref().map(sample);
        if let Err(why) = self.assemble(&sample(&self.host), &sample(&self.path), query.as_deref()) {
            errors.push(format!("'{text}' is not an address in plain form: {why}"));
        }
        errors
    }
}

impl Scheme {
    fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

fn scheme(text: &str) -> Result<(Scheme, &str), String> {
    let taken = |(_, rest)| rest;
    let split = text.split_once("://");
    let scheme = match split {
        Some(("https", _)) => Scheme::Https,
        Some(("http", _)) => Scheme::Http,
        _ => {
            return Err(format!(
                "'{text}' is no address: write one that begins with https://"
            ));
        }
    };
    Ok((scheme, split.map(taken).unwrap_or_default()))
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    if authority.contains('@') {
        return Err("an address holds no user name or password: remove what stands before '@'".to_owned());
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let number = port.map(str::parse::<u16>).transpose();
    let number = number.map_err(|_| "a port is a number, and no placeholder stands in it".to_owned())?;
    if host.is_empty() {
        Err("the address has no host: write one after ://".to_owned())
    } else {
        Ok((host, number))
    }
}

/// A placeholder as the letter that stands in for any value.
fn as_sample(piece: &Piece) -> &str {
    match piece {
        Piece::Literal(literal) => literal,
        Piece::Value(_) => "x",
    }
}

fn value_in_host(parameter: &Parameter, values: &Parameters) -> Result<String, ParameterError> {
    let value = value(parameter, values)?;
    let plain = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if plain {
        Ok(value.to_ascii_lowercase())
    } else {
        Err(parameter.invalid())
    }
}

/// Everything but RFC 3986's unreserved characters, percent-encoded.
fn percent_encoded(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.extend(
                [byte >> 4, byte & 15].map(|half| char::from(b"0123456789ABCDEF"[usize::from(half)])),
            );
        }
    }
    encoded
}
