//! Connectors without a login: what was given is the credential.

use ferrule_catalog::Connector;
use ferrule_wire::Refusal;

use crate::configuration::Configuration;
use crate::errors::invalid;

/// Refuses a configuration that lacks what calls need.
pub(crate) fn check(connector: &Connector, configuration: &Configuration) -> Result<(), Refusal> {
    let values = connector
        .resolve(&configuration.exposed())
        .map_err(|error| invalid(format!("{error}.")))?;
    connector
        .require_all(&values)
        .map_err(|error| invalid(format!("{error}.")))
}
