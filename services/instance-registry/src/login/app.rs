//! The app as its own user (RFC 6749 section 4.4): its key and secret are all that a token takes.

use ferrule_catalog::Connector;
use ferrule_model::OrganizationId;
use ferrule_wire::{Refusal, v1};

use super::{Outcome, check_address, lacking, refuse_without};
use crate::configuration::{API_KEY, API_SECRET, Configuration, SCOPE};
use crate::exchange::exchange;
use crate::re_address::Address;
use crate::state::Registry;

/// Refuses a configuration that lacks what a token takes, naming every missing entry.
pub(crate) fn check(connector: &Connector, configuration: &Configuration) -> Result<(), Refusal> {
    refuse_without(&lacking(configuration, &[API_KEY, API_SECRET]))?;
    check_address(connector, configuration)
}

/// Whether the token of one configuration would not be that of the other.
pub(crate) fn is_another(
    connector: &Connector,
    stored: &Configuration,
    changed: &Configuration,
) -> Result<bool, Refusal> {
    let differs = |name| stored.get(name) != changed.get(name);
    Ok(differs(API_SECRET) || differs(SCOPE) || Address::moves(connector, stored, changed)?)
}

/// Asks for a token. Nothing is spent by that: of an answer that is lost, nothing is.
pub(crate) async fn ask(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
    configuration: &Configuration,
) -> Result<Outcome, Refusal> {
    let mut parameters = configuration.exposed();
    let mut take = |name| parameters.remove(name).unwrap_or_default();
    let request = v1::ExchangeRequest {
        organization_id: organization.0,
        element: connector.key.to_string(),
        api_key: take(API_KEY),
        api_secret: take(API_SECRET),
        parameters,
        ..v1::ExchangeRequest::default()
    };
    exchange(registry, connector, request).await
}
