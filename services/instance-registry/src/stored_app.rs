//! The organization's own app at a vendor, stored so that nobody has to bring it.

use std::sync::Arc;

use ferrule_catalog::{Auth, Connector};
use ferrule_model::OrganizationId;
use ferrule_seal::{DataKey, Place};
use ferrule_wire::{Reason, Refusal, v1};
use secrecy::{ExposeSecret as _, SecretString};

use crate::configuration::{API_KEY, API_SECRET, Configuration};
use crate::errors::{invalid, unopened};
use crate::identify::{Caller, authenticate};
use crate::state::Registry;
use crate::store::{Sealed, VendorAppRow};

const FIELD: &str = "api_secret";
/// The longest client id or secret, in bytes.
const LONGEST: usize = 4096;

pub(crate) async fn put_app(
    registry: Registry,
    request: v1::PutAppRequest,
) -> Result<v1::StoredApp, Refusal> {
    let (caller, connector) = asked(&registry, request.credentials.as_ref(), &request.element).await?;
    check_taken(&connector)?;
    for (name, value) in [("apiKey", &request.api_key), ("apiSecret", &request.api_secret)] {
        if value.is_empty() || value.len() > LONGEST || value.chars().any(char::is_control) {
            return Err(invalid(format!(
                "`{name}` takes 1 to {LONGEST} bytes without control characters."
            )));
        }
    }
    let key = registry.data_keys.of(caller.organization).await?;
    let mut row = VendorAppRow {
        organization_id: caller.organization,
        element_key: connector.key.clone(),
        api_key: request.api_key,
        api_secret: Sealed::new(String::new()),
        updated_at: registry.clock.now(),
    };
    let sealed = key.seal(
        &registry.chance,
        &place(&row, &record(&row)),
        request.api_secret.as_bytes(),
    );
    row.api_secret = Sealed::new(sealed);
    registry.store.put_vendor_app(&row).await?;
    told("app_stored", &caller, &connector);
    Ok(shown(&row))
}

pub(crate) async fn get_app(
    registry: Registry,
    request: v1::GetAppRequest,
) -> Result<v1::StoredApp, Refusal> {
    let (caller, connector) = asked(&registry, request.credentials.as_ref(), &request.element).await?;
    let row = find(&registry, caller.organization, &connector).await?;
    row.map(|row| shown(&row)).ok_or_else(|| unknown(&connector))
}

pub(crate) async fn delete_app(
    registry: Registry,
    request: v1::DeleteAppRequest,
) -> Result<v1::DeleteAppResponse, Refusal> {
    let (caller, connector) = asked(&registry, request.credentials.as_ref(), &request.element).await?;
    let deleted = registry
        .store
        .delete_vendor_app(caller.organization, &connector.key)
        .await?;
    if deleted {
        told("app_deleted", &caller, &connector);
    }
    Ok(v1::DeleteAppResponse {})
}

/// The app with which a login at this connector begins; `None`: none is stored, or none may be used any more.
pub(crate) async fn opened(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
) -> Result<Option<v1::App>, Refusal> {
    let Some(row) = find(registry, organization, connector).await? else {
        return Ok(None);
    };
    let secret = open(&registry.data_keys.of(organization).await?, &row)?;
    Ok(Some(v1::App {
        element: row.element_key.to_string(),
        api_key: row.api_key,
        api_secret: secret.expose_secret().to_owned(),
        ..v1::App::default()
    }))
}

/// The same, where there has to be one.
pub(crate) async fn required(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
) -> Result<v1::App, Refusal> {
    let app = opened(registry, organization, connector).await?;
    app.ok_or_else(|| unknown(connector))
}

/// Puts the stored app into a configuration that names none.
pub(crate) async fn fill(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
    configuration: &mut Configuration,
) -> Result<(), Refusal> {
    let names_one = [API_KEY, API_SECRET]
        .iter()
        .any(|name| configuration.get(name).is_some());
    if names_one {
        return Ok(());
    }
    if let Some(app) = opened(registry, organization, connector).await? {
        configuration.insert(connector, API_KEY.to_owned(), app.api_key);
        configuration.insert(connector, API_SECRET.to_owned(), app.api_secret);
    }
    Ok(())
}

/// Whether instances of this connector belong to an app of the vendor's, and the file bounds where its secret goes.
pub(crate) fn takes_app(connector: &Connector) -> bool {
    has_app(connector) && connector.accepts_stored_app()
}

fn has_app(connector: &Connector) -> bool {
    matches!(
        connector.auth,
        Auth::OAuth2(_) | Auth::OAuth1(_) | Auth::ClientCredentials(_)
    )
}

fn check_taken(connector: &Connector) -> Result<(), Refusal> {
    if !has_app(connector) {
        return Err(invalid(format!(
            "Connector '{}' has no app: its instances need no key and secret of one.",
            connector.key
        )));
    }
    if !connector.accepts_stored_app() {
        return Err(invalid(format!(
            "Connector '{}' takes no stored app: whoever connects types its host, and could have the secret sent there. \
             Bring the key and secret with each login.",
            connector.key
        )));
    }
    Ok(())
}

async fn asked(
    registry: &Registry,
    credentials: Option<&v1::Credentials>,
    element: &str,
) -> Result<(Caller, Arc<Connector>), Refusal> {
    let caller = authenticate(registry, credentials).await?;
    caller.requires_organization("see or change stored apps")?;
    Ok((caller, Arc::clone(registry.connector(element)?)))
}

/// The file may have changed since the app was stored.
async fn find(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
) -> Result<Option<VendorAppRow>, Refusal> {
    if !takes_app(connector) {
        return Ok(None);
    }
    Ok(registry.store.vendor_app(organization, &connector.key).await?)
}

fn open(key: &DataKey, row: &VendorAppRow) -> Result<SecretString, Refusal> {
    let record = record(row);
    key.open_str(&place(row, &record), row.api_secret.as_str())
        .map_err(|error| unopened(&error, row.organization_id, &record))
}

/// A secret put beside another client id, or back beside a newer moment, does not open.
fn record(row: &VendorAppRow) -> String {
    format!(
        "app {}@{} {}",
        row.element_key,
        row.updated_at.as_microsecond(),
        row.api_key
    )
}

fn place<'p>(row: &VendorAppRow, record: &'p str) -> Place<'p> {
    Place {
        organization: row.organization_id,
        record,
        field: FIELD,
    }
}

fn shown(row: &VendorAppRow) -> v1::StoredApp {
    v1::StoredApp {
        element: row.element_key.to_string(),
        api_key: row.api_key.clone(),
        updated_at: row.updated_at.as_microsecond(),
    }
}

fn unknown(connector: &Connector) -> Refusal {
    Refusal::new(
        Reason::AppUnknown,
        format!("No app is stored for connector '{}'.", connector.key),
    )
}

fn told(event: &'static str, caller: &Caller, connector: &Connector) {
    tracing::info!(event, organization = %caller.organization, user = %caller.user.id, element = %connector.key, "a stored app was changed");
}
