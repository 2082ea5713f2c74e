//! Who signed in.

use std::str::FromStr;

use ferrule_model::Digest;
use serde::{Deserialize, Serialize};

/// A user's name: 1 to 64 characters, none of them a control character, trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct UserName(String);

/// The text is no name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("A name has 1 to 64 characters.")]
pub(crate) struct InvalidName;

impl UserName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 16 hexadecimal characters, the same for the same name.
    pub fn id(&self) -> String {
        Digest::of(&self.0).to_hex()[..16].to_owned()
    }

    /// An address that reaches nobody.
    pub fn email(&self) -> String {
        let local: String = self
            .0
            .to_lowercase()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect();
        let local = if local.is_empty() { self.id() } else { local };
        format!("{local}@sandbox.example")
    }
}

impl FromStr for UserName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let name = text.trim();
        let fits = (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        fits.then(|| Self(name.to_owned())).ok_or(InvalidName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_at_the_edge() {
        for (given, want) in [
            ("Ada", Ok("Ada")),
            (" Ada King ", Ok("Ada King")),
            ("李", Ok("李")),
        ] {
            assert_eq!(
                given.parse::<UserName>().as_ref().map(UserName::as_str),
                want.as_ref().copied(),
                "{given}"
            );
        }
        for bad in ["", "  ", "a\u{0}b", "a\nb", &"a".repeat(65)] {
            assert_eq!(bad.parse::<UserName>(), Err(InvalidName), "{bad:?}");
        }
    }
}
