//! Ids as types of their own, so that one is never taken for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id!(
    /// An organization: the tenant that owns users, instances and vendor apps.
    OrganizationId
);
numeric_id!(
    /// A user of one organization.
    UserId
);
numeric_id!(
    /// A connector instance. It names, and authorises nothing.
    InstanceId
);
numeric_id!(
    /// A connector's numeric id, stable between releases.
    ElementId
);

/// A connector's key: 1–64 lower-case letters, digits, `-` and `_`, beginning with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectorKey(String);

/// The text is no connector key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a connector key is 1 to 64 lower-case letters, digits, '-' or '_', and begins with a letter or digit"
)]
pub struct InvalidConnectorKey;

impl ConnectorKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectorKey {
    type Err = InvalidConnectorKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let well_formed = (1..=64).contains(&text.len())
            && plain(text.as_bytes()[0])
            && text.bytes().all(|b| plain(b) || b == b'-' || b == b'_');
        well_formed
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidConnectorKey)
    }
}

impl TryFrom<String> for ConnectorKey {
    type Error = InvalidConnectorKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ConnectorKey> for String {
    fn from(key: ConnectorKey) -> Self {
        key.0
    }
}

impl fmt::Display for ConnectorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connector_keys_are_checked_at_the_edge() {
        for good in ["intercom", "google-mail", "mailchimp_v3", "3cx"] {
            assert!(good.parse::<ConnectorKey>().is_ok(), "{good}");
        }
        for bad in ["", "Intercom", "-x", "a/b", "a b", "..", &"a".repeat(65)] {
            assert!(bad.parse::<ConnectorKey>().is_err(), "{bad}");
        }
    }
}
