//! Browsers that sign in: a session stands for the User and the Organization secret that opened it.

use ferrule_model::Digest;
use ferrule_wire::{Refusal, v1};

use crate::errors::invalid;
use crate::identify::{authenticate, digest, unauthenticated};
use crate::instance_reply::user_reply;
use crate::state::Registry;
use crate::store::SessionRow;

pub(crate) async fn open_session(
    registry: Registry,
    request: v1::OpenSessionRequest,
) -> Result<v1::Session, Refusal> {
    let session = required(&request.session)?;
    if presented(request.credentials.as_ref())?.is_some() {
        return Err(unauthenticated(
            "A session is opened with a User and an Organization secret.",
        ));
    }
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    caller.requires_organization("sign in")?;
    registry
        .store
        .open_session(session, caller.user.id, registry.clock.now())
        .await?;
    tracing::info!(event = "signed_in", user = %caller.user.id, organization = %caller.organization, "a browser signed in");
    signed_in(&registry, session).await.map(reply)
}

pub(crate) async fn find_session(
    registry: Registry,
    request: v1::FindSessionRequest,
) -> Result<v1::Session, Refusal> {
    signed_in(&registry, required(&request.session)?).await.map(reply)
}

pub(crate) async fn close_session(
    registry: Registry,
    request: v1::CloseSessionRequest,
) -> Result<v1::CloseSessionResponse, Refusal> {
    registry.store.close_session(required(&request.session)?).await?;
    Ok(v1::CloseSessionResponse {})
}

/// The session that credentials hold. Beside it there may be nothing else: one way to be known at a time.
pub(crate) fn presented(credentials: Option<&v1::Credentials>) -> Result<Option<Digest>, Refusal> {
    let Some(credentials) = credentials.filter(|credentials| !credentials.session.is_empty()) else {
        return Ok(None);
    };
    let secrets = [&credentials.user, &credentials.organization, &credentials.element];
    if secrets.into_iter().any(|secret| !secret.is_empty()) {
        return Err(unauthenticated(
            "A session and secrets are not presented together.",
        ));
    }
    required(&credentials.session).map(Some)
}

/// Who is behind a session.
pub(crate) async fn signed_in(registry: &Registry, session: Digest) -> Result<SessionRow, Refusal> {
    let found = registry.store.use_session(session, registry.clock.now()).await?;
    found.ok_or_else(|| unauthenticated("This session is over. Sign in again."))
}

fn required(session: &[u8]) -> Result<Digest, Refusal> {
    digest(session)?.ok_or_else(|| invalid("A session is missing."))
}

fn reply(row: SessionRow) -> v1::Session {
    v1::Session {
        organization_id: row.user.organization_id.0,
        organization_name: row.organization_name,
        user: Some(user_reply(&row.user)),
    }
}
