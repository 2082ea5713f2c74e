//! The vendor app to begin a login with: an instance's, whose user logs in again, or the organization's stored one.

use ferrule_wire::{Refusal, v1};

use crate::configuration::{API_KEY, API_SECRET, SCOPE};
use crate::get_instance::find;
use crate::identify::authenticate;
use crate::instance_seal::InstanceSeal;
use crate::state::Registry;
use crate::stored_app;

pub(crate) async fn find_app(registry: Registry, request: v1::FindAppRequest) -> Result<v1::App, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("log in")?;
    if request.instance_id == 0 {
        let connector = registry.connector(&request.element)?;
        return stored_app::required(&registry, caller.organization, connector).await;
    }
    let row = find(&registry, &caller, Some(request.instance_id), "").await?;
    let connector = registry.connector(row.element_key.as_str())?;
    let key = registry.data_keys.of(row.organization_id).await?;
    let configuration = InstanceSeal::of_row(&key, &row).open_configuration(&row)?;
    let entry = |name| configuration.get(name).unwrap_or_default().to_owned();
    let declared = connector.parameters.iter().map(|parameter| &parameter.name);
    Ok(v1::App {
        element: row.element_key.to_string(),
        api_key: entry(API_KEY),
        api_secret: entry(API_SECRET),
        scope: entry(SCOPE),
        parameters: declared
            .filter_map(|name| Some((name.clone(), configuration.get(name)?.to_owned())))
            .collect(),
    })
}
