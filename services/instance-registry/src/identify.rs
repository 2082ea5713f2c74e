//! Who calls: User, Organization and Element must belong together; or a browser that signed in.

use ferrule_model::{Digest, OrganizationId};
use ferrule_wire::v1;
use ferrule_wire::{Reason, Refusal, current_request_id};

use crate::errors;
use crate::sessions;
use crate::state::Registry;
use crate::store::{By, InstanceRow, OrganizationRow, UserRow};
use crate::stored_app;

/// A caller whose credentials belong together.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) organization: OrganizationId,
    pub(crate) user: UserRow,
    /// The instance of the Element token, when one was presented.
    pub(crate) element: Option<InstanceRow>,
    /// Whether answers hold instances' tokens: always, but for a browser that did not ask for one.
    pub(crate) sees_tokens: bool,
    reach: Reach,
}

/// How far a caller's credentials reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Every instance of the organization: its secret was presented.
    Organization,
    /// The Element token's own instance.
    OwnInstance,
}

impl Caller {
    /// The user who opened a connect session, on whose behalf its instance is made.
    pub(crate) fn of_connect(user: UserRow) -> Self {
        Self {
            organization: user.organization_id,
            user,
            element: None,
            sees_tokens: false,
            reach: Reach::Organization,
        }
    }

    /// Whether only the Element token's own instance is in reach.
    pub(crate) fn is_bound_to_its_instance(&self) -> bool {
        self.reach == Reach::OwnInstance
    }

    /// As the audit names who does something.
    pub(crate) fn by(&self) -> By {
        By {
            user: Some(self.user.id),
            request_id: current_request_id(),
        }
    }

    /// Refuses a caller who did not present the Organization secret.
    pub(crate) fn requires_organization(&self, act: &str) -> Result<(), Refusal> {
        match self.reach {
            Reach::Organization => Ok(()),
            Reach::OwnInstance => Err(errors::forbidden(act)),
        }
    }
}

/// Tells who presents these credentials, and with which stored app a login of theirs begins.
pub(crate) async fn identify(
    registry: Registry,
    request: v1::IdentifyRequest,
) -> Result<v1::Caller, Refusal> {
    let caller = authenticate(&registry, request.credentials.as_ref()).await?;
    let app = match registry.catalog.get(&request.app_of) {
        Some(connector) if caller.reach == Reach::Organization => {
            stored_app::opened(&registry, caller.organization, connector).await?
        }
        _ => None,
    };
    Ok(v1::Caller {
        organization_id: caller.organization.0,
        user_id: caller.user.id.0,
        instance_id: caller.element.map(|row| row.id.0),
        app,
    })
}

/// The caller behind these credentials: User with Organization, with Element, or with both; or a session, which
/// reaches as far as the secrets that opened it.
pub(crate) async fn authenticate(
    registry: &Registry,
    credentials: Option<&v1::Credentials>,
) -> Result<Caller, Refusal> {
    if let Some(session) = sessions::presented(credentials)? {
        let signed_in = sessions::signed_in(registry, session).await?;
        return Ok(Caller {
            organization: signed_in.user.organization_id,
            user: signed_in.user,
            element: None,
            sees_tokens: false,
            reach: Reach::Organization,
        });
    }
    let presented = Presented::read(credentials)?;
    let caller = presented.look_up(registry).await?;
    caller.ok_or_else(|| refused(&presented))
}

/// Well-formed credentials that do not belong together, or are nobody's.
pub(crate) fn refused(presented: &Presented) -> Refusal {
    tracing::info!(
        event = "unauthenticated",
        organization = presented.organization.is_some(),
        element = presented.element.is_some(),
        "credentials were refused"
    );
    unauthenticated("Invalid User or Organization secret, or invalid Element token.")
}

/// The digests of what was presented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented {
    pub(crate) user: Digest,
    pub(crate) organization: Option<Digest>,
    pub(crate) element: Option<Digest>,
}

impl Presented {
    pub(crate) fn read(credentials: Option<&v1::Credentials>) -> Result<Self, Refusal> {
        const NEEDED: &str =
            "Authorization needs a User secret, with an Organization secret or an Element token.";
        let credentials = credentials.ok_or_else(|| unauthenticated(NEEDED))?;
        let [user, organization, element] =
            [&credentials.user, &credentials.organization, &credentials.element].map(|bytes| digest(bytes));
        let (user, organization, element) = (user?, organization?, element?);
        match user {
            Some(user) if organization.is_some() || element.is_some() => Ok(Self {
                user,
                organization,
                element,
            }),
            _ => Err(unauthenticated(NEEDED)),
        }
    }

    /// The caller, if everything presented is found and belongs together.
    async fn look_up(&self, registry: &Registry) -> Result<Option<Caller>, Refusal> {
        let store = &registry.store;
        let organization = async {
            match self.organization {
                Some(secret) => store.organization_by_secret(secret).await,
                None => Ok(None),
            }
        };
        let element = async {
            match self.element {
                Some(token) => store.by_token(token).await,
                None => Ok(None),
            }
        };
        let (user, organization, element) =
            tokio::try_join!(store.user_by_secret(self.user), organization, element)?;
        Ok(user.and_then(|user| self.together(user, organization, element)))
    }

    fn together(
        &self,
        user: UserRow,
        organization: Option<OrganizationRow>,
        element: Option<InstanceRow>,
    ) -> Option<Caller> {
        let organization = organization.filter(|row| row.id == user.organization_id);
        let element = element.filter(|row| row.organization_id == user.organization_id);
        let all_belong = organization.is_some() == self.organization.is_some()
            && element.is_some() == self.element.is_some();
        let reach = match organization {
            Some(_) => Reach::Organization,
            None => Reach::OwnInstance,
        };
        all_belong.then_some(Caller {
            organization: user.organization_id,
            user,
            element,
            sees_tokens: true,
            reach,
        })
    }
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Option<Digest>, Refusal> {
    if bytes.is_empty() {
        return Ok(None);
    }
    Digest::from_bytes(bytes)
        .map(Some)
        .ok_or_else(|| errors::invalid("A credential travels as the 32 bytes of its SHA-256."))
}

/// Credentials that are missing or wrong.
pub(crate) fn unauthenticated(words: &str) -> Refusal {
    Refusal::new(Reason::Unauthenticated, words)
}
