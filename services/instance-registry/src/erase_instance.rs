//! What follows a deletion: the vendor revokes the tokens, then the row is erased.

use std::time::Duration;

use ferrule_catalog::Connector;
use ferrule_model::{InstanceId, OrganizationId};
use ferrule_wire::{Reason, Refusal, v1, within};
use secrecy::{ExposeSecret as _, SecretString};

use crate::configuration::{API_KEY, API_SECRET, Configuration};
use crate::exchange::Granted;
use crate::instance_seal::InstanceSeal;
use crate::refresh::take_from_journal;
use crate::state::Registry;
use crate::store::{AuditEntry, AuditEvent, By, InstanceRow};

const REVOKE_DEADLINE: Duration = Duration::from_secs(25);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const ATTEMPTS: u32 = 10;
/// How many that an earlier process left are read at once.
const LEFTOVERS: u32 = 1000;

/// Revokes and erases a deleted instance while the process lives; what it leaves is resumed at the next start.
pub(crate) fn erase_in_background(registry: &Registry, organization: OrganizationId, id: InstanceId) {
    let worker = registry.clone();
    registry.in_background(async move {
        let done = match settled(&worker, organization, id).await {
            Ok(Some(row)) => revoke_and_erase(&worker, &row).await,
            Ok(None) => Ok(()),
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = done {
            tracing::warn!(event = "erase_put_off", instance = %id, cause = %refusal, "a deleted instance is erased later");
        }
    });
}

/// Takes up what an earlier process left between mark and erasure.
pub(crate) async fn resume(registry: Registry) {
    match registry.store.deleted_not_erased(LEFTOVERS).await {
        Ok(rows) => {
            for row in rows {
                erase_in_background(&registry, row.organization_id, row.id);
            }
        }
        Err(error) => {
            tracing::warn!(event = "erase_put_off", cause = %error, "deleted instances are erased later");
        }
    }
}

/// The row once no refresh of it is under way and nothing waits for it in the journal: it has the newest pair then.
/// `Err`: the process stops first.
async fn settled(
    registry: &Registry,
    organization: OrganizationId,
    id: InstanceId,
) -> Result<Option<Box<InstanceRow>>, Refusal> {
    let mut pause = FIRST_PAUSE;
    loop {
        let refusal = match settle(registry, organization, id).await {
            Ok(Settled::Done(row)) => return Ok(row),
            Ok(Settled::NotYet) => {
                pause = FIRST_PAUSE;
                None
            }
            Err(refusal) => {
                tracing::warn!(event = "erase_waits", instance = %id, cause = %refusal, "a refresh of a deleted instance is not settled");
                pause = (pause * 2).min(LONGEST_PAUSE);
                Some(refusal)
            }
        };
        if tokio::time::timeout(pause, registry.stopping.cancelled())
            .await
            .is_ok()
        {
            let stopped = || Refusal::new(Reason::Unavailable, "the process stops");
            return Err(refusal.unwrap_or_else(stopped));
        }
    }
}

enum Settled {
    Done(Option<Box<InstanceRow>>),
    NotYet,
}

async fn settle(
    registry: &Registry,
    organization: OrganizationId,
    id: InstanceId,
) -> Result<Settled, Refusal> {
    let row = registry.store.by_id_even_deleted(organization, id).await?;
    let Some(row) = row else {
        return Ok(Settled::Done(None));
    };
    if let Some(until) = row.lease_until
        && until > registry.store.now().await?
    {
        return Ok(Settled::NotYet);
    }
    if row.intent.is_some() {
        match take_from_journal(registry, &row).await {
            Ok(true) => return Ok(Settled::NotYet),
            Ok(false) => {}
            // A damaged value stays damaged.
            Err(refusal) if refusal.reason == Reason::Internal => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(Settled::Done(Some(Box::new(row))))
}

async fn revoke_and_erase(registry: &Registry, row: &InstanceRow) -> Result<(), Refusal> {
    if let Some(request) = revoke_request(registry, row).await? {
        revoke(registry, row.id, request).await?;
    }
    registry.store.erase(row.id, registry.clock.now()).await?;
    tracing::info!(event = "instance_erased", instance = %row.id, "a deleted instance was erased");
    Ok(())
}

/// `None`: there is nothing to revoke, or it cannot be opened any more.
async fn revoke_request(
    registry: &Registry,
    row: &InstanceRow,
) -> Result<Option<v1::RevokeRequest>, Refusal> {
    let key = registry.data_keys.of(row.organization_id).await?;
    let seal = InstanceSeal::of_row(&key, row);
    let opened = seal
        .open_revocable(row)
        .and_then(|token| Ok((token, seal.open_configuration(row)?)));
    let ((token, refresh), configuration) = match opened {
        Ok((Some(token), configuration)) => (token, configuration),
        Ok((None, _)) => return Ok(None),
        // A damaged value stays damaged: the log has it, and the row is erased all the same.
        Err(refusal) if refusal.reason == Reason::Internal => return Ok(None),
        Err(refusal) => return Err(refusal),
    };
    Ok(Some(request_to_revoke(row, &configuration, &token, refresh)))
}

fn request_to_revoke(
    row: &InstanceRow,
    configuration: &Configuration,
    token: &SecretString,
    refresh: bool,
) -> v1::RevokeRequest {
    let entry = |name| configuration.get(name).unwrap_or_default().to_owned();
    v1::RevokeRequest {
        element: row.element_key.to_string(),
        api_key: entry(API_KEY),
        api_secret: entry(API_SECRET),
        token: token.expose_secret().to_owned(),
        refresh,
        parameters: configuration.clear.clone(),
    }
}

/// Revokes a refresh token that came when its instance was erased already: nobody else has it.
pub(crate) async fn revoke_orphan(
    registry: &Registry,
    row: &InstanceRow,
    configuration: &Configuration,
    refresh_token: &SecretString,
) {
    let request = request_to_revoke(row, configuration, refresh_token, true);
    if let Err(refusal) = revoke(registry, row.id, request).await {
        tracing::error!(event = "not_revoked", instance = %row.id, cause = %refusal, "a token that came too late may still be good at the vendor");
    }
}

/// Revokes, once and in the background, what was granted when its connect session had made another instance: nobody
/// else has it.
pub(crate) fn revoke_unused(registry: &Registry, connector: &Connector, granted: &Granted) {
    let entry = |name| granted.configuration.get(name).unwrap_or_default().to_owned();
    let refresh_token = granted.pair.refresh_token.as_ref();
    let request = v1::RevokeRequest {
        element: connector.key.to_string(),
        api_key: entry(API_KEY),
        api_secret: entry(API_SECRET),
        token: refresh_token
            .unwrap_or(&granted.pair.access_token)
            .expose_secret()
            .to_owned(),
        refresh: refresh_token.is_some(),
        parameters: granted.configuration.clear.clone(),
    };
    let broker = registry.broker.clone();
    registry.in_background(async move {
        if let Err(status) = broker.clone().revoke(within(REVOKE_DEADLINE, request)).await {
            tracing::error!(event = "not_revoked", code = ?status.code(), "tokens of a link's second login may still be good at the vendor");
        }
    });
}

/// Asks the vendor until it answers. `Err`: the process stops first.
async fn revoke(registry: &Registry, id: InstanceId, request: v1::RevokeRequest) -> Result<(), Refusal> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=ATTEMPTS {
        let answer = registry
            .broker
            .clone()
            .revoke(within(REVOKE_DEADLINE, request.clone()))
            .await;
        let refusal: Refusal = match answer {
            Ok(answer) => {
                let revoked = answer.into_inner().revoked;
                tracing::info!(event = "revoked", instance = %id, revoked, "the vendor was asked to revoke");
                if revoked {
                    told(registry, id, AuditEvent::Revoked).await;
                }
                return Ok(());
            }
            Err(status) => status.into(),
        };
        tracing::warn!(event = "revoke_failed", instance = %id, attempt, cause = %refusal, "the vendor did not revoke");
        if is_final(refusal.reason) || attempt == ATTEMPTS {
            break;
        }
        if tokio::time::timeout(pause, registry.stopping.cancelled())
            .await
            .is_ok()
        {
            return Err(refusal);
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    tracing::error!(event = "not_revoked", instance = %id, "the tokens of a deleted instance may still be good at the vendor");
    told(registry, id, AuditEvent::NotRevoked).await;
    Ok(())
}

/// Tells the audit what became of a revocation: a change at the vendor, which no transaction of ours holds.
async fn told(registry: &Registry, id: InstanceId, event: AuditEvent) {
    let entry = AuditEntry::new(event, registry.clock.now(), By::default());
    if let Err(error) = registry.store.audit(id, &entry).await {
        tracing::error!(event = "audit_not_kept", instance = %id, cause = %error, "a revocation is not in the audit");
    }
}

/// Whether asking again would get the same answer.
fn is_final(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::VendorRejected | Reason::ElementUnknown | Reason::InvalidRequest
    )
}
