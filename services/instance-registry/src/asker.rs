//! For whom a call's credential is resolved: whoever presents an Element token, or a browser that signed in.

use ferrule_model::{Digest, InstanceId, OrganizationId, UserId};
use ferrule_wire::{Refusal, v1};
use jiff::Timestamp;

use crate::errors::{instance_unknown, invalid};
use crate::identify::{Presented, authenticate, refused, unauthenticated};
use crate::sessions;
use crate::state::Registry;
use crate::store::{InstanceRow, StoreError};

/// Who asks, and for which instance.
#[derive(Clone, Debug)]
pub(crate) enum Asker {
    /// User and Element, with or without Organization; that they belong together is asked with the row.
    Secrets { presented: Presented, token: Digest },
    /// A session, and an instance of its organization.
    Browser {
        organization: OrganizationId,
        user: UserId,
        id: InstanceId,
    },
}

impl Asker {
    pub(crate) async fn of(registry: &Registry, request: &v1::ResolveRequest) -> Result<Self, Refusal> {
        const NEEDED: &str =
            "A call through an instance needs a User secret and an Element token in Authorization.";
        let credentials = request.credentials.as_ref();
        if sessions::presented(credentials)?.is_some() {
            let id = request
                .instance_id
                .ok_or_else(|| invalid("A session's call names its instance."))?;
            let caller = authenticate(registry, credentials).await?;
            return Ok(Self::Browser {
                organization: caller.organization,
                user: caller.user.id,
                id: InstanceId(id),
            });
        }
        let presented = Presented::read(credentials)?;
        let token = presented.element.ok_or_else(|| unauthenticated(NEEDED))?;
        Ok(Self::Secrets { presented, token })
    }

    /// The instance's row as it is now, and the database's time.
    pub(crate) async fn look_up(&self, registry: &Registry) -> Result<(InstanceRow, Timestamp), Refusal> {
        let store = &registry.store;
        match self {
            Self::Secrets { presented, token } => {
                let found = store
                    .for_call(*token, presented.user, presented.organization)
                    .await?;
                found.ok_or_else(|| refused(presented))
            }
            Self::Browser { organization, id, .. } => {
                let row = store.by_id(*organization, *id).await?;
                Ok((row.ok_or_else(|| instance_unknown(*id))?, store.now().await?))
            }
        }
    }

    /// Who it is, for the audit.
    pub(crate) async fn user(&self, registry: &Registry) -> Result<Option<UserId>, StoreError> {
        match self {
            Self::Secrets { presented, .. } => {
                let user = registry.store.user_by_secret(presented.user).await?;
                Ok(user.map(|user| user.id))
            }
            Self::Browser { user, .. } => Ok(Some(*user)),
        }
    }
}
