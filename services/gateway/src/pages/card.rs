//! A connector as a card: a letter mark in place of a logo, its name, what it is for.

use ferrule_catalog::{Auth, Connector};

use crate::element_json::stable_id;

/// How many colours marks have; the stylesheet names them `t0` and so on.
const TINTS: u32 = 12;

#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) hub: String,
    pub(crate) description: String,
    pub(crate) initials: String,
    pub(crate) tint: u32,
}

impl Card {
    pub(crate) fn of(connector: &Connector) -> Self {
        Self {
            key: connector.key.to_string(),
            name: connector.name.clone(),
            hub: connector.hub.clone(),
            description: connector.description.clone(),
            initials: initials(&connector.name),
            tint: stable_id(&["tint", connector.key.as_str()]) % TINTS,
        }
    }

    /// Of an instance whose connector's file is gone.
    pub(crate) fn unknown(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: key.to_owned(),
            hub: String::new(),
            description: String::new(),
            initials: initials(key),
            tint: 0,
        }
    }
}

/// Ways to log in, as people read them, with the word that a query has for them.
pub(crate) const KINDS: [(&str, &str); 5] = [
    ("oauth2", "OAuth 2.0"),
    ("oauth1", "OAuth 1.0a"),
    ("client_credentials", "Client credentials"),
    ("api_key", "API key"),
    ("basic", "User name and password"),
];

/// The word of [`KINDS`] for a connector.
pub(crate) fn kind(connector: &Connector) -> &'static str {
    match &connector.auth {
        Auth::OAuth2(_) => "oauth2",
        Auth::OAuth1(_) => "oauth1",
        Auth::ClientCredentials(_) => "client_credentials",
        Auth::ApiKey(_) => "api_key",
        Auth::Basic(_) => "basic",
        Auth::None => "none",
    }
}

/// Two letters: of the first two words, or of the one there is.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let (first, second) = (words.next().unwrap_or("?"), words.next());
    let mut letters = first.chars();
    let upper: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    let other = match second {
        Some(second) => second.chars().next(),
        None => letters.next(),
    };
    upper + &other.map(String::from).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_has_two_letters() {
        for (name, mark) in [
            ("Slack", "Sl"),
            ("HubSpot CRM", "HC"),
            ("monday.com", "Mc"),
            ("X", "X"),
            ("3CX", "3C"),
            ("", "?"),
        ] {
            assert_eq!(initials(name), mark, "{name}");
        }
    }
}
