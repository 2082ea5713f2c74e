//! What an instance's tokens belong to: the vendor app, and the addresses that they are sent to.

use std::collections::BTreeMap;

use ferrule_catalog::{Auth, Connector, Parameters, Place};
use ferrule_wire::Refusal;

use crate::configuration::{API_KEY, Configuration};
use crate::errors::invalid;
use crate::login::kept;

/// The vendor app and the address parameters in force.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    client: Option<String>,
    parameters: BTreeMap<String, String>,
}

impl Address {
    fn of(connector: &Connector, configuration: &Configuration, values: &Parameters) -> Self {
        let parameters = connector
            .parameters
            .iter()
            .filter(|parameter| parameter.place == Place::Address)
            .filter_map(|parameter| Some((parameter.name.clone(), values.get(&parameter.name)?.to_owned())))
            .collect();
        let client = configuration.get(API_KEY).map(str::to_owned);
        Self { client, parameters }
    }

    /// Checks that `changed` has the address that `stored` has.
    ///
    /// Tokens must not go to another vendor, nor be refreshed by another app: those need a new code. Where there
    /// are no tokens, the stored secrets are dropped instead, and must be given again.
    pub(crate) fn check_unmoved(
        connector: &Connector,
        stored: &Configuration,
        changed: &mut Configuration,
        given: &Configuration,
    ) -> Result<(), Refusal> {
        let moves = Self::moves(connector, stored, changed)?;
        match connector.auth {
            Auth::ApiKey(_) | Auth::Basic(_) if !moves => return kept::check(connector, changed),
            _ if !moves => return Ok(()),
            _ => {}
        }
        if connector.token_server().is_ok() || connector.oauth1().is_ok() {
            let mut names = vec![API_KEY];
            names.extend(address_names(connector));
            return Err(invalid(format!(
                "Changing {} needs a new login: send providerData with a new code in the same call.",
                names.join(" or ")
            )));
        }
        changed.secrets = given.secrets.clone();
        kept::check(connector, changed).map_err(|mut refusal| {
            refusal.message += " Another address needs the secrets again.";
            refusal
        })
    }

    /// Whether the two have different addresses, or different apps.
    pub(crate) fn moves(
        connector: &Connector,
        stored: &Configuration,
        changed: &Configuration,
    ) -> Result<bool, Refusal> {
        let values = resolve(connector, changed)?;
        let before = connector.resolve(&stored.exposed()).unwrap_or_default();
        Ok(Self::of(connector, stored, &before) != Self::of(connector, changed, &values))
    }
}

/// What is stored, with what is given in its place.
///
/// The contract's names for an address (`siteAddress`, `subdomain`) fill a parameter only while its own name is
/// absent, so that what was stored under that name gives way to them.
pub(crate) fn merged(
    connector: &Connector,
    stored: &Configuration,
    given: &Configuration,
) -> Result<Configuration, Refusal> {
    let mut changed = stored.clone();
    let values = resolve(connector, given)?;
    for name in address_names(connector) {
        let by_default = connector
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)
            .and_then(|parameter| parameter.default.as_deref());
        // A value that is no default was given, by whichever name.
        if let Some(value) = values.get(name)
            && (given.get(name).is_some() || by_default != Some(value))
        {
            changed.insert(connector, name.to_owned(), value.to_owned());
        }
    }
    changed.merge(given.clone());
    Ok(changed)
}

fn address_names(connector: &Connector) -> impl Iterator<Item = &str> {
    connector
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Address)
        .map(|parameter| parameter.name.as_str())
}

fn resolve(connector: &Connector, configuration: &Configuration) -> Result<Parameters, Refusal> {
    connector
        .resolve(&configuration.exposed())
        .map_err(|error| invalid(format!("{error}.")))
}

#[cfg(test)]
mod tests {
    use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
    use ferrule_wire::Reason;

    use super::*;

    fn connector(kind: &str) -> Catalog {
        let urls =
            "authorization_url = \"https://{shop}.acme.com/a\"\ntoken_url = \"https://{shop}.acme.com/t\"";
        let (urls, authorization) = match kind {
            "oauth2" => (urls, ""),
            _ => ("", "authorization = \"Bearer {api_key}\""),
        };
        let text = format!(
            "key = \"acme\"\nname = \"Acme\"\nhub = \"crm\"\n[auth]\nkind = \"{kind}\"\n{urls}\n\
             [api]\nbase_url = \"https://{{shop}}.acme.com\"\n{authorization}\n\
             [[parameters]]\nname = \"shop\"\nlabel = \"Shop\"\npattern = \"[a-z]+\"\n"
        );
        let options = LoadOptions {
            extra: vec![ConnectorSource {
                name: "acme.toml".to_owned(),
                text,
            }],
            ..LoadOptions::default()
        };
        let catalog = Catalog::load(&options).unwrap();
        assert_eq!(catalog.problems(), []);
        catalog
    }

    fn entries(connector: &Connector, entries: &[(&str, &str)]) -> Configuration {
        let entries = entries
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configuration::given(connector, entries.collect())
    }

    #[test]
    fn tokens_stay_with_their_address_and_their_app() {
        let catalog = connector("oauth2");
        let acme = catalog.get("acme").unwrap();
        let stored = entries(acme, &[(API_KEY, "id"), ("shop", "one")]);
        for (given, unmoved) in [
            (&[("shop", "one")][..], true),
            (&[("note", "x"), (API_KEY, "id")], true),
            (&[("siteAddress", "one")], true),
            (&[("shop", "two")], false),
            (&[("siteAddress", "two")], false),
            (&[(API_KEY, "other")], false),
            (&[("shop", "EVIL.com")], false),
        ] {
            let given = entries(acme, given);
            let checked = merged(acme, &stored, &given)
                .and_then(|mut changed| Address::check_unmoved(acme, &stored, &mut changed, &given));
            assert_eq!(checked.is_ok(), unmoved, "{given:?}");
            assert!(
                checked
                    .err()
                    .is_none_or(|refusal| refusal.reason == Reason::InvalidRequest)
            );
        }
    }

    #[test]
    fn without_tokens_a_new_address_gets_no_stored_secret() {
        let catalog = connector("api_key");
        let acme = catalog.get("acme").unwrap();
        let stored = entries(acme, &[("api_key", "hush"), ("shop", "one")]);
        let given = entries(acme, &[("shop", "two")]);
        let mut changed = merged(acme, &stored, &given).unwrap();
        let refusal = Address::check_unmoved(acme, &stored, &mut changed, &given).unwrap_err();
        assert_eq!(
            refusal.message,
            "Missing: api_key. Another address needs the secrets again."
        );
        assert_eq!(changed.get("api_key"), None);
        assert_eq!(changed.get("shop"), Some("two"));
    }
}
