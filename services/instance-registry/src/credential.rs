//! What a gateway needs to call a vendor for an instance.

use std::collections::BTreeMap;

use ferrule_catalog::{Api, Auth, CLIENT_ID, Connector, Place};
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

/// The declared values that addresses and headers of calls hold, and the app's id where a header holds that. A secret
/// goes into headers alone: a file that puts one into an address is refused.
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
        .filter(|parameter| matches!(parameter.place, Place::Address | Place::Header))
        .filter_map(|parameter| Some((parameter.name.clone(), values.get(&parameter.name)?.to_owned())));
    let mut wanted: BTreeMap<String, String> = wanted.collect();
    if connector.api.as_ref().is_some_and(Api::wants_client_id)
        && let Some(id) = configuration.get(CLIENT_KEY)
    {
        wanted.insert(CLIENT_ID.to_owned(), id.to_owned());
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};

    use super::*;

    const X: &str = r#"key = "x"
name = "X"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "https://x.example.com/a"
token_url = "https://x.example.com/t"
[api]
base_url = "https://x.example.com"
headers = { x-app = "{client_id}", x-key = "{developer_token}" }
[[parameters]]
name = "developer_token"
secret = true
[[parameters]]
name = "pet"
secret = true
"#;

    #[test]
    fn headers_get_the_apps_id_and_the_secrets_that_stand_in_them() {
        let source = ConnectorSource {
            name: "x.toml".to_owned(),
            text: X.to_owned(),
        };
        let catalog = Catalog::load(&LoadOptions {
            extra: vec![source],
            ..LoadOptions::default()
        });
        let catalog = catalog.unwrap();
        let x = catalog.get("x").unwrap();
        let mut configuration = Configuration::default();
        for (name, value) in [(CLIENT_KEY, "id"), ("developer_token", "dt"), ("pet", "cat")] {
            configuration.insert(x, name.to_owned(), value.to_owned());
        }
        let told = parameters(x, &configuration).unwrap();
        let want = [("client_id", "id"), ("developer_token", "dt")];
        let want = want.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(told, BTreeMap::from(want));
    }
}
