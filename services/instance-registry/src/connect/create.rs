//! A connect session is opened, for connectors that its customers can log in at as it is.

use std::time::Duration;

use ferrule_catalog::{Auth, Connector};
use ferrule_model::OrganizationId;
use ferrule_wire::{Refusal, v1};
use secrecy::ExposeSecret as _;

use super::{reply, secret};
use crate::create_instance::{conflict, idempotent_request};
use crate::errors::invalid;
use crate::identify::authenticate;
use crate::labels;
use crate::state::Registry;
use crate::store::{ConnectRow, OpenedConnect};
use crate::stored_app;

const MOST_ELEMENTS: usize = 50;
/// The longest `endUserId` and `state`, in bytes.
const LONGEST: usize = 1024;
const USUAL: i64 = 3600;
const SHORTEST: i64 = 60;
/// A week.
const LONGEST_LIFE: i64 = 7 * 24 * 3600;

pub(crate) async fn create_connect_session(
    registry: Registry,
    request: v1::CreateConnectSessionRequest,
) -> Result<v1::ConnectSession, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("open a connect session")?;
    let link = secret(&request.link)?;
    let elements = elements(&registry, caller.organization, &request.elements).await?;
    for (name, text) in [("endUserId", &request.end_user_id), ("state", &request.state)] {
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(invalid(format!(
                "`{name}` takes at most {LONGEST} bytes without control characters."
            )));
        }
    }
    let now = registry.clock.now();
    let row = ConnectRow {
        id: registry.chance.url_token().expose_secret().to_owned(),
        organization_id: caller.organization,
        user_id: caller.user.id,
        elements,
        tags: labels::tags(&request.tags)?,
        name: labels::name(&request.name)?.unwrap_or_default(),
        end_user_id: request.end_user_id,
        return_url: request.return_url,
        caller_state: request.state,
        created_at: now,
        expires_at: now + lifetime(request.expires_in_seconds)?,
        setback: None,
        instance_id: None,
    };
    let idempotent = idempotent_request(&request.idempotency_key, &request.body_digest)?;
    match registry.store.open_connect(&row, link, idempotent).await? {
        OpenedConnect::Session(row) => {
            tracing::info!(event = "connect_opened", organization = %row.organization_id, user = %row.user_id, session = %row.id, "a connect session was opened");
            Ok(reply(*row, now))
        }
        OpenedConnect::OtherBody => Err(conflict(
            "This Idempotency-Key came before with another body. Send a new key for a new request.",
        )),
    }
}

fn lifetime(seconds: i64) -> Result<Duration, Refusal> {
    let seconds = if seconds == 0 { USUAL } else { seconds };
    if !(SHORTEST..=LONGEST_LIFE).contains(&seconds) {
        return Err(invalid(format!(
            "`expiresIn` takes {SHORTEST} to {LONGEST_LIFE} seconds."
        )));
    }
    Ok(Duration::from_secs(seconds.unsigned_abs()))
}

/// The keys of the connectors, each once, if customers can connect all of them.
async fn elements(
    registry: &Registry,
    organization: OrganizationId,
    named: &[String],
) -> Result<Vec<String>, Refusal> {
    if named.is_empty() || named.len() > MOST_ELEMENTS {
        return Err(invalid(format!(
            "`elements` names 1 to {MOST_ELEMENTS} connectors."
        )));
    }
    let mut keys = Vec::new();
    for named in named {
        let connector = registry.connector(named)?;
        let key = connector.key.to_string();
        if keys.contains(&key) {
            continue;
        }
        if logs_in(connector)
            && stored_app::opened(registry, organization, connector)
                .await?
                .is_none()
        {
            return Err(invalid(lacks_app(connector)));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Whether a user of this connector logs in at the vendor.
pub(super) fn logs_in(connector: &Connector) -> bool {
    matches!(connector.auth, Auth::OAuth2(_) | Auth::OAuth1(_))
}

/// A customer is never asked for the app, so it has to be here.
pub(super) fn lacks_app(connector: &Connector) -> String {
    let key = &connector.key;
    if stored_app::takes_app(connector) {
        return format!("Connector '{key}' has no stored app yet: PUT /elements/{key}/app first.");
    }
    format!(
        "Connector '{key}' cannot be connected by a link: its host is typed by whoever connects, so it takes no stored app."
    )
}
