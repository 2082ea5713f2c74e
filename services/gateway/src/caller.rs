//! Who calls: asked of the registry, remembered for at most a second.

use std::time::Duration;

use ferrule_model::OrganizationId;
use ferrule_wire::RegistryClient;
use ferrule_wire::v1::IdentifyRequest;
use moka::future::Cache;

use crate::auth::Presented;
use crate::errors::ApiError;

/// A change reaches every gateway within this time by itself.
const REMEMBERED: Duration = Duration::from_secs(1);

/// How many callers are remembered at once.
const CAPACITY: u64 = 100_000;

/// Knows callers by the digests of what they present.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    registry: RegistryClient,
    known: Cache<Presented, OrganizationId>,
}

impl Callers {
    pub(crate) fn new(registry: RegistryClient) -> Self {
        Self {
            registry,
            known: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(REMEMBERED)
                .build(),
        }
    }

    /// The organization of whoever presents this; 401 when it does not belong together.
    pub(crate) async fn organization(&self, presented: Presented) -> Result<OrganizationId, ApiError> {
        let mut registry = self.registry.clone();
        let ask = async move {
            let request = IdentifyRequest {
                credentials: Some(presented.to_wire()),
            };
            let caller = registry.identify(request).await?.into_inner();
            Ok::<_, tonic::Status>(OrganizationId(caller.organization_id))
        };
        self.known
            .try_get_with(presented, ask)
            .await
            .map_err(|status| ApiError::from((*status).clone()))
    }
}
