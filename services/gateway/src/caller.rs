//! Who calls: asked of the registry, remembered for at most a second.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use ferrule_model::OrganizationId;
use ferrule_wire::v1::IdentifyRequest;
use ferrule_wire::{Refusal, RegistryClient};
use moka::Expiry;
use moka::future::Cache;

use crate::auth::{AuthorizationError, Presented};
use crate::errors::ApiError;
use crate::meters;
use crate::state::Gateway;

/// A change reaches every gateway within this time by itself.
const REMEMBERED: Duration = Duration::from_secs(1);

/// How many callers are remembered at once.
const CAPACITY: u64 = 100_000;

/// Knows callers by the digests of what they present.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    registry: RegistryClient,
    known: Cache<Presented, Known>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    organization: OrganizationId,
    asked: Instant,
}

impl Callers {
    pub(crate) fn new(registry: RegistryClient) -> Self {
        Self {
            registry,
            known: Cache::builder()
                .max_capacity(CAPACITY)
                .expire_after(ASecondAfterAsking)
                .build(),
        }
    }

    /// The organization of whoever presents this; 401 when it does not belong together.
    pub(crate) async fn organization(&self, presented: Presented) -> Result<OrganizationId, ApiError> {
        if let Some(known) = self.known.get(&presented).await {
            return Ok(known.organization);
        }
        let mut registry = self.registry.clone();
        let ask = async move {
            let asked = Instant::now();
            let request = IdentifyRequest {
                credentials: Some(presented.to_wire()),
            };
            let caller = registry.identify(request).await?.into_inner();
            Ok::<_, tonic::Status>(Known {
                organization: OrganizationId(caller.organization_id),
                asked,
            })
        };
        match self.known.try_get_with(presented, ask).await {
            Ok(known) => Ok(known.organization),
            Err(status) => Err(ApiError::from((*status).clone())),
        }
    }
}

/// Counts from the moment the registry was asked: its answer may have been on the way for long.
struct ASecondAfterAsking;

impl Expiry<Presented, Known> for ASecondAfterAsking {
    fn expire_after_create(&self, _: &Presented, known: &Known, created: Instant) -> Option<Duration> {
        Some(REMEMBERED.saturating_sub(created.saturating_duration_since(known.asked)))
    }
}

/// Who asks the catalogue or for a login URL: a known caller's organization, or nobody known, counted by address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatalogueCaller(pub(crate) Option<OrganizationId>);

impl FromRequestParts<Gateway> for CatalogueCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        if let Some(presented) = Presented::from_headers(&parts.headers)? {
            let organization = gateway.callers().organization(presented).await?;
            return Ok(Self(Some(organization)));
        }
        if !gateway.settings().anonymous_catalogue {
            return Err(AuthorizationError::Missing.into());
        }
        let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Err(Refusal::internal("a request has no peer address").into());
        };
        gateway.anonymous().count(*peer, &parts.headers).map_err(|wait| {
            meters::limit_refused("anonymous");
            let what =
                "Too many requests without credentials from this address; send an Authorization header.";
            ApiError::too_many(what, wait)
        })?;
        Ok(Self(None))
    }
}
