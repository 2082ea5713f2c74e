//! A text with `{name}` placeholders, taken apart.

use std::sync::Arc;

use crate::nearest::nearest;
use crate::parameter::{Parameter, ParameterError, Parameters};

/// A part of a text: literal, or the name between braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    Literal(&'t str),
    Name(&'t str),
}

/// Takes a text apart. The error says what to write instead.
pub(crate) fn split(text: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(brace) = rest.find(['{', '}']) {
        let (literal, from_brace) = rest.split_at(brace);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        let inside = from_brace
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'));
        let Some((name, after)) = inside else {
            return Err("a brace stands alone: a placeholder is written {name}".to_owned());
        };
        if !is_name(name) {
            return Err(format!(
                "'{{{name}}}' is no placeholder: a name begins with a letter and holds letters, digits, '_', '-' or '.'"
            ));
        }
        parts.push(Part::Name(name));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest));
    }
    Ok(parts)
}

/// Whether a parameter may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}

/// The parameters that a file declares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared(pub(crate) Vec<Arc<Parameter>>);

impl Declared {
    /// The parameter behind a placeholder; the error says what to write instead.
    pub(crate) fn placeholder(&self, name: &str) -> Result<Arc<Parameter>, String> {
        let parameter = self.in_header(name)?;
        if parameter.secret {
            return Err(format!(
                "parameter '{name}' is secret and may not stand here: remove {{{name}}} or secret = true"
            ));
        }
        Ok(parameter)
    }

    /// The same in a header of API calls, where a secret may stand.
    pub(crate) fn in_header(&self, name: &str) -> Result<Arc<Parameter>, String> {
        let Some(parameter) = self.0.iter().find(|parameter| parameter.name == name) else {
            let names = self.0.iter().map(|parameter| parameter.name.as_str());
            let advice = nearest(name, names).map_or_else(
                || format!("declare it under [[parameters]] with name = \"{name}\""),
                |near| format!("did you mean {{{near}}}?"),
            );
            return Err(format!(
                "placeholder {{{name}}} is not a declared parameter: {advice}"
            ));
        };
        Ok(Arc::clone(parameter))
    }
}

/// A part of a template whose placeholder is known to be declared.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Literal(String),
    Value(Arc<Parameter>),
}

impl Piece {
    /// Takes a text apart and looks its placeholders up.
    pub(crate) fn all(text: &str, declared: &Declared) -> Result<Vec<Self>, String> {
        split(text)?
            .into_iter()
            .map(|part| match part {
                Part::Literal(literal) => Ok(Self::Literal(literal.to_owned())),
                Part::Name(name) => declared.placeholder(name).map(Self::Value),
            })
            .collect()
    }

    /// The text, when this is literal.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(literal) => Some(literal),
            Self::Value(_) => None,
        }
    }

    /// The parameter, when this is a placeholder.
    pub(crate) fn parameter(&self) -> Option<&Arc<Parameter>> {
        match self {
            Self::Literal(_) => None,
            Self::Value(parameter) => Some(parameter),
        }
    }
}

/// The value of a parameter, checked again: the values may come from elsewhere than `resolve`.
pub(crate) fn value<'v>(parameter: &Parameter, values: &'v Parameters) -> Result<&'v str, ParameterError> {
    let value = values.get(&parameter.name).filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| parameter.missing())?;
    if parameter.accepts(value) {
        Ok(value)
    } else {
        Err(parameter.invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::Part::{Literal, Name};
    use super::*;

    #[test]
    fn texts_are_taken_apart() {
        for (text, parts) in [
            ("", vec![]),
            ("plain", vec![Literal("plain")]),
            ("{a}", vec![Name("a")]),
            (
                "https://{a}.b/{site.url}",
                vec![Literal("https://"), Name("a"), Literal(".b/"), Name("site.url")],
            ),
        ] {
            assert_eq!(split(text), Ok(parts), "{text}");
        }
        for bad in ["{", "}", "a}b", "{a", "{}", "{{a}}", "{1}", "{a b}", "{ä}"] {
            assert!(split(bad).is_err(), "{bad}");
        }
    }
}
