//! Connectors without a login: what was given is the credential.

use ferrule_catalog::{Auth, Connector};
use ferrule_wire::Refusal;

use super::{lacking, refuse_without};
use crate::configuration::Configuration;
use crate::errors::invalid;

/// Where an `api_key` connector's instances keep the key.
pub(crate) const KEY: &str = "api_key";
/// Where a `basic` connector's instances keep user name and password (contract: reserved keys).
pub(crate) const USERNAME: &str = "username";
pub(crate) const PASSWORD: &str = "password";

/// Refuses a configuration that lacks what calls need, naming every missing entry, or holds what no header can.
/// Whether the vendor takes it, `GET /ping` tells.
pub(crate) fn check(connector: &Connector, configuration: &Configuration) -> Result<(), Refusal> {
    let entries: &[&str] = match connector.auth {
        Auth::ApiKey(_) => &[KEY],
        Auth::Basic(_) => &[USERNAME, PASSWORD],
        _ => &[],
    };
    let values = connector
        .resolve(&configuration.exposed())
        .map_err(|error| invalid(format!("{error}.")))?;
    let declared = connector
        .parameters
        .iter()
        .filter(|parameter| parameter.required && values.get(&parameter.name).is_none())
        .map(|parameter| parameter.name.as_str());
    let missing: Vec<&str> = lacking(configuration, entries)
        .into_iter()
        .chain(declared)
        .collect();
    refuse_without(&missing)?;
    for entry in entries {
        let value = configuration.get(entry).unwrap_or_default();
        if value.chars().any(char::is_control) {
            return Err(invalid(format!(
                "{entry} holds a control character: send it without."
            )));
        }
        if *entry == USERNAME && value.contains(':') {
            return Err(invalid(
                "username holds a ':', which no user name may (RFC 7617 section 2).",
            ));
        }
    }
    Ok(())
}
