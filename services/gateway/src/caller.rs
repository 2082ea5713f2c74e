//! Who calls: asked of the registry, remembered for at most a second.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use ferrule_model::{ConnectorKey, OrganizationId};
use ferrule_wire::v1::{App, IdentifyRequest};
use ferrule_wire::{Refusal, RegistryClient};
use moka::Expiry;
use moka::future::Cache;
use secrecy::{ExposeSecret as _, SecretString};

use crate::auth::{AuthorizationError, Presented};
use crate::errors::ApiError;
use crate::meters;
use crate::path::Element;
use crate::state::Gateway;

/// A change reaches every gateway within this time by itself.
const REMEMBERED: Duration = Duration::from_secs(1);

/// How many callers are remembered at once.
const CAPACITY: u64 = 100_000;

/// Knows callers by the digests of what they present.
#[derive(Clone, Debug)]
pub(crate) struct Callers {
    registry: RegistryClient,
    known: Cache<Question, Known>,
}

/// Who presents this, and, in the same breath, with which stored app a login of theirs begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    presented: Presented,
    app_of: Option<ConnectorKey>,
}

#[derive(Clone, Debug)]
struct Known {
    organization: OrganizationId,
    app: Option<VendorApp>,
    asked: Instant,
}

/// An app that an organization stored.
#[derive(Clone, Debug)]
pub(crate) struct VendorApp {
    pub(crate) api_key: String,
    api_secret: SecretString,
}

impl VendorApp {
    fn of(app: App) -> Self {
        Self {
            api_key: app.api_key,
            api_secret: app.api_secret.into(),
        }
    }

    /// The pair in place of one that a caller brought only in part or not at all.
    pub(crate) fn in_place_of(app: Option<Self>, api_key: String, api_secret: String) -> (String, String) {
        match app {
            Some(app) if api_key.is_empty() && api_secret.is_empty() => {
                (app.api_key, app.api_secret.expose_secret().to_owned())
            }
            _ => (api_key, api_secret),
        }
    }
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

    /// The caller's stored app for this connector was changed by way of this gateway.
    pub(crate) async fn app_changed(&self, presented: Presented, connector: ConnectorKey) {
        let app_of = Some(connector);
        self.known.invalidate(&Question { presented, app_of }).await;
    }

    /// Whoever presents this; 401 when it does not belong together.
    async fn find(&self, question: Question) -> Result<Known, ApiError> {
        if let Some(known) = self.known.get(&question).await {
            return Ok(known);
        }
        let mut registry = self.registry.clone();
        let request = IdentifyRequest {
            credentials: Some(question.presented.to_wire()),
            app_of: question
                .app_of
                .as_ref()
                .map(ConnectorKey::to_string)
                .unwrap_or_default(),
        };
        let ask = async move {
            let asked = Instant::now();
            let caller = registry.identify(request).await?.into_inner();
            Ok::<_, tonic::Status>(Known {
                organization: OrganizationId(caller.organization_id),
                app: caller.app.map(VendorApp::of),
                asked,
            })
        };
        // Once a second, so that its room is not every call's.
        let known = Box::pin(self.known.try_get_with(question, ask)).await;
        known.map_err(|status| ApiError::from((*status).clone()))
    }
}

/// Counts from the moment the registry was asked: its answer may have been on the way for long.
struct ASecondAfterAsking;

impl Expiry<Question, Known> for ASecondAfterAsking {
    fn expire_after_create(&self, _: &Question, known: &Known, created: Instant) -> Option<Duration> {
        Some(REMEMBERED.saturating_sub(created.saturating_duration_since(known.asked)))
    }
}

/// Who asks the catalogue: a known caller, or nobody known, counted by address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatalogueCaller;

impl FromRequestParts<Gateway> for CatalogueCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        known(parts, gateway, None).await.map(|_| Self)
    }
}

/// Who asks for a login: the organization of a known caller, with the app that it stored where the query brings none.
#[derive(Clone, Debug)]
pub(crate) struct LoginCaller {
    pub(crate) organization: Option<OrganizationId>,
    pub(crate) app: Option<VendorApp>,
}

impl FromRequestParts<Gateway> for LoginCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let brings_one =
            form_urlencoded::parse(query).any(|(name, value)| name == "apiKey" && !value.is_empty());
        let element = Element::from_request_parts(parts, gateway).await;
        let connector = element
            .ok()
            .and_then(|Element(element)| gateway.catalog().get(&element));
        let app_of = connector.filter(|connector| !brings_one && connector.accepts_stored_app());
        let known = known(parts, gateway, app_of.map(|connector| connector.key.clone())).await?;
        Ok(Self {
            organization: known.as_ref().map(|known| known.organization),
            app: known.and_then(|known| known.app),
        })
    }
}

/// The caller, or nobody known, counted by address.
async fn known(
    parts: &Parts,
    gateway: &Gateway,
    app_of: Option<ConnectorKey>,
) -> Result<Option<Known>, ApiError> {
    if let Some(presented) = Presented::from_headers(&parts.headers)? {
        let known = gateway.callers().find(Question { presented, app_of }).await?;
        return Ok(Some(known));
    }
    if !gateway.settings().anonymous_catalogue {
        return Err(AuthorizationError::Missing.into());
    }
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return Err(Refusal::internal("a request has no peer address").into());
    };
    gateway.anonymous().count(*peer, &parts.headers).map_err(|wait| {
        meters::limit_refused("anonymous");
        let what = "Too many requests without credentials from this address; send an Authorization header.";
        ApiError::too_many(what, wait)
    })?;
    Ok(None)
}
