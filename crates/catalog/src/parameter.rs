//! What the user must add to a connector, and the values that were given.

use std::collections::BTreeMap;
use std::fmt;

use regex::{Regex, RegexBuilder};

use crate::returned::Returned;

/// Longest value of a parameter, in bytes.
const LONGEST_VALUE: usize = 1024;

/// One thing that a connector needs to know beside the vendor app: a subdomain, a region, a shop.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name, as a query parameter of `oauth/url` and as a key of an instance's `configuration`.
    pub name: String,
    /// What a form calls it.
    pub label: String,
    /// A sentence that helps to fill it in; may be empty.
    pub help: String,
    /// Whether the connector cannot work without a value.
    pub required: bool,
    /// Whether the value is masked wherever an instance is shown. A secret reaches headers of API calls at most.
    pub secret: bool,
    /// The value that stands when none is given.
    pub default: Option<String>,
    /// What a value must match as a whole.
    pub pattern: Option<Pattern>,
    /// Where the vendor gives the value back, which then outweighs what was given.
    pub returned: Option<Returned>,
    /// Where the value goes.
    pub place: Place,
}

/// Where the value of a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into an address: changing it means another vendor, so an instance's tokens end with it.
    Address,
    /// Into an extra parameter of the authorization URL.
    Authorize,
    /// Into a header of API calls.
    Header,
    /// Nowhere but the instance's configuration.
    Configuration,
}

impl Parameter {
    /// Whether this value may be given: short enough, without control characters, matching the pattern.
    pub fn accepts(&self, value: &str) -> bool {
        value.len() <= LONGEST_VALUE
            && !value.chars().any(char::is_control)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(value))
    }

    pub(crate) fn missing(&self) -> ParameterError {
        ParameterError::Missing {
            name: self.name.clone(),
            label: self.label.clone(),
        }
    }

    pub(crate) fn invalid(&self) -> ParameterError {
        let expected = match &self.pattern {
            Some(pattern) => format!("a value that matches {pattern}"),
            None => format!("at most {LONGEST_VALUE} bytes without control characters"),
        };
        ParameterError::Invalid {
            name: self.name.clone(),
            label: self.label.clone(),
            expected,
        }
    }
}

/// A regular expression that a value must match from its first character to its last.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    whole: Regex,
}

impl Pattern {
    pub(crate) fn new(source: &str) -> Result<Self, String> {
        // Compiled by itself first: `a)|(?:b` is an expression only inside the group that anchors it.
        compile(source)?;
        Ok(Self {
            source: source.to_owned(),
            whole: compile(&format!(r"\A(?:{source})\z"))?,
        })
    }

    /// The expression as the file has it, without anchors.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// What the first group holds of a text that matches as a whole.
    pub(crate) fn group<'t>(&self, text: &'t str) -> Option<&'t str> {
        Some(self.whole.captures(text)?.get(1)?.as_str())
    }

    /// Whether the whole value matches.
    pub fn matches(&self, value: &str) -> bool {
        self.whole.is_match(value)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

pub(crate) fn compile(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            // The parser draws the expression over several lines; the last one says what is wrong.
            error => error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned(),
        })
}

/// Values of a connector's declared parameters, as [`Connector::resolve`](crate::Connector::resolve) gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// The value of this parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As a plain map, to be stored or sent on.
    pub fn into_map(self) -> BTreeMap<String, String> {
        self.0
    }
}

impl FromIterator<(String, String)> for Parameters {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// A value is missing or is not one that the connector takes. Never holds the value itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A value is needed here and none was given.
    #[error("parameter '{name}' ({label}) is missing")]
    Missing {
        /// The parameter's name.
        name: String,
        /// What a form calls it.
        label: String,
    },
    /// The value given does not fit.
    #[error("parameter '{name}' ({label}) has a value that does not fit: expected {expected}")]
    Invalid {
        /// The parameter's name.
        name: String,
        /// What a form calls it.
        label: String,
        /// What to give instead.
        expected: String,
    },
    /// The issuer that knows the address was not asked yet.
    #[error("the vendor's address is not known before its issuer is asked")]
    Undiscovered,
    /// The connector does not work that way, whatever is given.
    #[error("connector '{connector}' does not use OAuth 2")]
    NotOAuth2 {
        /// The connector's key.
        connector: String,
    },
    /// The connector does not work that way, whatever is given.
    #[error("connector '{connector}' does not use OAuth 1.0a")]
    NotOAuth1 {
        /// The connector's key.
        connector: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_holds_for_the_whole_value() {
        let pattern = Pattern::new("[a-z]+|x-[0-9]").unwrap();
        for (value, fits) in [
            ("acme", true),
            ("x-1", true),
            ("acme.", false),
            ("acme\n", false),
            ("9acme", false),
            ("", false),
        ] {
            assert_eq!(pattern.matches(value), fits, "{value:?}");
        }
    }

    #[test]
    fn no_pattern_escapes_its_anchors() {
        for (bad, why) in [
            ("a)|(?:b", "unopened group"),
            ("[a-z", "unclosed character class"),
            ("(?x)a # ", "unclosed group"),
            ("a{1000}{1000}", "it is too large"),
        ] {
            assert_eq!(Pattern::new(bad).unwrap_err(), why, "{bad}");
        }
        assert!(!Pattern::new("(?m)^a$").unwrap().matches("a\nb"));
    }
}
