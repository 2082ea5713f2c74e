//! What a gateway needs to call a vendor for an instance.

use std::collections::BTreeMap;

use ferrule_catalog::{Auth, Connector, Place};
use ferrule_wire::{Refusal, v1};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::configuration::{API_KEY as CLIENT_KEY, API_SECRET as CLIENT_SECRET, Configuration, TOKEN_SECRET};
use crate::errors::invalid;
use crate::instance_seal::InstanceSeal;
use crate::login::kept::{KEY, PASSWORD, USERNAME};
use crate::state::Registry;
use crate::store::InstanceRow;

/// The credential of a row, opened.
pub(crate) async fn credential(registry: &Registry, row: &InstanceRow) -> Result<v1::Credential, Refusal> {
    let connector = registry.connector(row.element_key.as_str())?;
    let key = registry.data_keys.of(row.organization_id).await?;
    let seal = InstanceSeal::of_row(&key, row);
    let access_token = seal.open_access_token(row)?;
    let configuration = seal.open_configuration(row)?;
    let entry = |name| configuration.get(name).unwrap_or_default().to_owned();
    let mut credential = v1::Credential {
        organization_id: row.organization_id.0,
        instance_id: row.id.0,
        element_key: row.element_key.to_string(),
        access_token: access_token
            .as_ref()
            .map(SecretString::expose_secret)
            .unwrap_or_default()
            .to_owned(),
        version: row.version,
        refresh_due_at: row.tokens.refresh_due_at.map(Timestamp::as_microsecond),
        expires_at: row.tokens.expires_at.map(Timestamp::as_microsecond),
        parameters: parameters(connector, &configuration)?,
        ..v1::Credential::default()
    };
    match connector.auth {
        Auth::OAuth1(_) => {
            credential.signing = Some(v1::Signing {
                client_key: entry(CLIENT_KEY),
                client_secret: entry(CLIENT_SECRET),
                token_secret: entry(TOKEN_SECRET),
            });
        }
        Auth::ApiKey(_) => credential.api_key = entry(KEY),
        Auth::Basic(_) => {
            credential.username = entry(USERNAME);
            credential.password = entry(PASSWORD);
        }
        _ => {}
    }
    Ok(credential)
}

/// The declared values that addresses and headers of calls hold; a secret reaches no template.
fn parameters(
    connector: &Connector,
    configuration: &Configuration,
) -> Result<BTreeMap<String, String>, Refusal> {
    let values = connector
        .resolve(&configuration.exposed())
        .map_err(|error| invalid(format!("{error}.")))?;
    let wanted = connector
        .parameters
        .iter()
        .filter(|parameter| !parameter.secret && matches!(parameter.place, Place::Address | Place::Header))
        .filter_map(|parameter| Some((parameter.name.clone(), values.get(&parameter.name)?.to_owned())));
    Ok(wanted.collect())
}
