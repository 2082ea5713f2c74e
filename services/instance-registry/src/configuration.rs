//! An instance's configuration: what is clear, and what is secret.

use std::collections::{BTreeMap, BTreeSet};

use ferrule_catalog::Connector;
use ferrule_model::MASK;
use secrecy::{ExposeSecret as _, SecretString};

/// The vendor app's client id. No secret, and masked all the same (contract: "Configuration masking").
pub(crate) const API_KEY: &str = "oauth.api.key";
/// The vendor app's client secret; a public client has none.
pub(crate) const API_SECRET: &str = "oauth.api.secret";
/// Where the vendor sent the browser.
pub(crate) const CALLBACK_URL: &str = "oauth.callback.url";
/// The secret of an access token of OAuth 1.0a (contract: "OAuth details"). It is written with its token.
pub(crate) const TOKEN_SECRET: &str = "oauth.user.token.secret";

/// What to ask for, in place of the connector's scopes.
pub(crate) const SCOPE: &str = "oauth.scope";

/// As much of one change, and of each name, is told to the audit.
const MOST_NAMES: usize = 100;
const LONGEST_NAME: usize = 100;

/// Entries of a configuration, each on the side where it belongs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configuration {
    pub(crate) clear: BTreeMap<String, String>,
    pub(crate) secrets: BTreeMap<String, SecretString>,
}

impl Configuration {
    /// What a caller gave; empty names, empty values and masked ones count as absent.
    pub(crate) fn given(connector: &Connector, entries: BTreeMap<String, String>) -> Self {
        let mut given = Self::default();
        for (name, value) in entries {
            if !name.is_empty() && !value.is_empty() && value != MASK {
                given.insert(connector, name, value);
            }
        }
        given
    }

    /// Sets an entry.
    pub(crate) fn insert(&mut self, connector: &Connector, name: String, value: String) {
        if is_secret(connector, &name) {
            self.clear.remove(&name);
            self.secrets.insert(name, value.into());
        } else {
            self.secrets.remove(&name);
            self.clear.insert(name, value);
        }
    }

    /// Sets every entry of `newer`.
    pub(crate) fn merge(&mut self, newer: Self) {
        for name in newer.clear.keys() {
            self.secrets.remove(name);
        }
        for name in newer.secrets.keys() {
            self.clear.remove(name);
        }
        self.clear.extend(newer.clear);
        self.secrets.extend(newer.secrets);
    }

    /// The value of an entry.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let secret = || self.secrets.get(name).map(SecretString::expose_secret);
        self.clear.get(name).map(String::as_str).or_else(secret)
    }

    /// Every entry in the clear, for the connector and the broker.
    pub(crate) fn exposed(&self) -> BTreeMap<String, String> {
        let secrets = self.secrets.iter();
        let secrets = secrets.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        self.clear.clone().into_iter().chain(secrets).collect()
    }

    /// The names of the entries that differ in `newer`, as the audit tells them.
    pub(crate) fn names_changed_by(&self, newer: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = [self, newer]
            .into_iter()
            .flat_map(|side| side.clear.keys().chain(side.secrets.keys()))
            .collect();
        names
            .into_iter()
            .filter(|name| self.get(name) != newer.get(name))
            .take(MOST_NAMES)
            .map(|name| {
                format!(
                    "configuration.{}",
                    name.chars().take(LONGEST_NAME).collect::<String>()
                )
            })
            .collect()
    }

    /// Every entry as callers may see it.
    pub(crate) fn masked(&self) -> BTreeMap<String, String> {
        let shown = |name: &str, value: &str| if name == API_KEY { MASK } else { value }.to_owned();
        let clear = self
            .clear
            .iter()
            .map(|(name, value)| (name.clone(), shown(name, value)));
        let secrets = self.secrets.keys().map(|name| (name.clone(), MASK.to_owned()));
        clear.chain(secrets).collect()
    }
}

/// Whether an entry is sealed: by the connector's word, or by what its name says.
fn is_secret(connector: &Connector, name: &str) -> bool {
    let declared = connector
        .parameters
        .iter()
        .any(|parameter| parameter.secret && parameter.name == name);
    declared || sounds_secret(name)
}

fn sounds_secret(name: &str) -> bool {
    const WITHIN: [&str; 6] = [
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "private",
    ];
    const AT_THE_END: [&str; 6] = ["token", "apikey", "accesskey", "privatekey", "signingkey", "pin"];
    if name == API_KEY {
        return false;
    }
    let lower = name.to_lowercase();
    let letters: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    lower.starts_with("oauth.user.")
        || WITHIN.iter().any(|word| letters.contains(word))
        || AT_THE_END.iter().any(|word| letters.ends_with(word))
}

#[cfg(test)]
mod tests {
    use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};

    use super::*;

    fn acme() -> Catalog {
        let text = "key = \"acme\"\nname = \"Acme\"\nhub = \"crm\"\n[auth]\nkind = \"none\"\n\
                    [[parameters]]\nname = \"pet\"\nlabel = \"Pet\"\nsecret = true\n";
        let options = LoadOptions {
            extra: vec![ConnectorSource {
                name: "acme.toml".to_owned(),
                text: text.to_owned(),
            }],
            ..LoadOptions::default()
        };
        Catalog::load(&options).unwrap()
    }

    #[test]
    fn secrets_are_told_by_the_connector_or_by_their_names() {
        let catalog = acme();
        let acme = catalog.get("acme").unwrap();
        for secret in [
            "oauth.api.secret",
            "oauth.user.token",
            "oauth.user.refresh_interval",
            "password",
            "userPassword",
            "api_key",
            "apiKey",
            "access_token",
            "pet",
        ] {
            assert!(is_secret(acme, secret), "{secret}");
        }
        for clear in [
            "oauth.api.key",
            "oauth.callback.url",
            "oauth.token.url",
            "username",
            "subdomain",
        ] {
            assert!(!is_secret(acme, clear), "{clear}");
        }
    }

    #[test]
    fn masked_and_empty_values_are_absent_and_shown_values_are_masked() {
        let catalog = acme();
        let acme = catalog.get("acme").unwrap();
        let entries = [
            (API_KEY, "id"),
            (API_SECRET, "hush"),
            ("pet", MASK),
            ("site", ""),
            ("x", "1"),
        ];
        let entries = entries.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = Configuration::given(acme, entries.into());
        assert_eq!(given.get("pet"), None);
        assert_eq!(given.get("site"), None);
        assert_eq!(given.get(API_SECRET), Some("hush"));
        let shown = [(API_KEY, MASK), (API_SECRET, MASK), ("x", "1")];
        assert_eq!(
            given.masked(),
            shown
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        );
        assert!(!format!("{given:?}").contains("hush"));
    }
}
