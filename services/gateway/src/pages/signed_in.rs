//! Who looks at a page: a browser that signed in, or nobody known.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse as _, Redirect, Response};
use ferrule_model::{Digest, InstanceId};
use ferrule_wire::v1::{Credentials, FindSessionRequest, Session};
use ferrule_wire::{Reason, Refusal};

use crate::credentials::Asker;
use crate::pages::cookies::OurCookie;
use crate::pages::shell::{Shell, Tab};
use crate::pages::{Problem, sign_in};
use crate::state::Gateway;

/// A browser whose session is not over.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    session: Digest,
    who: Session,
}

impl SignedIn {
    /// What the registry is shown.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials {
            session: self.session.as_bytes().to_vec(),
            ..Credentials::default()
        }
    }

    /// Who calls through an instance of its organization.
    pub(crate) fn asker(&self, instance: InstanceId) -> Asker {
        Asker::Browser {
            session: self.session,
            instance,
        }
    }

    pub(crate) fn organization(&self) -> i64 {
        self.who.organization_id
    }

    /// The frame of a page that this browser sees.
    pub(crate) fn shell(&self, tab: Tab) -> Shell {
        Shell::new(tab, Some(&self.who))
    }
}

/// Nobody known is sent to sign in, and from there back.
impl FromRequestParts<Gateway> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        match find(&parts.headers, gateway).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) => {
                let asked = (parts.method == Method::GET)
                    .then(|| parts.uri.path_and_query())
                    .flatten();
                Err(
                    Redirect::to(&sign_in::address(asked.map_or("/", |asked| asked.as_str())))
                        .into_response(),
                )
            }
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// The same on pages that anybody may see.
#[derive(Clone, Debug)]
pub(crate) struct MaybeSignedIn(pub(crate) Option<SignedIn>);

impl FromRequestParts<Gateway> for MaybeSignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        find(&parts.headers, gateway).await.map(Self)
    }
}

/// Whoever sees the catalogue: everybody, unless the operator keeps it for those who signed in.
pub(crate) struct CatalogueViewer(pub(crate) Option<SignedIn>);

impl FromRequestParts<Gateway> for CatalogueViewer {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Response> {
        if gateway.settings().anonymous_catalogue {
            let MaybeSignedIn(viewer) = MaybeSignedIn::from_request_parts(parts, gateway)
                .await
                .map_err(axum::response::IntoResponse::into_response)?;
            return Ok(Self(viewer));
        }
        SignedIn::from_request_parts(parts, gateway)
            .await
            .map(|viewer| Self(Some(viewer)))
    }
}

impl CatalogueViewer {
    pub(crate) fn shell(&self, tab: Tab) -> Shell {
        self.0
            .as_ref()
            .map_or_else(|| Shell::new(tab, None), |viewer| viewer.shell(tab))
    }
}

/// The digest of the session that a browser brings.
pub(crate) fn session(headers: &HeaderMap, public_url: &str) -> Option<Digest> {
    OurCookie::Session.read(headers, public_url).map(Digest::of)
}

async fn find(headers: &HeaderMap, gateway: &Gateway) -> Result<Option<SignedIn>, Problem> {
    let Some(session) = session(headers, &gateway.settings().public_url) else {
        return Ok(None);
    };
    let request = FindSessionRequest {
        session: session.as_bytes().to_vec(),
    };
    match gateway
        .registry()
        .find_session(request)
        .await
        .map_err(Refusal::from)
    {
        Ok(found) => Ok(Some(SignedIn {
            session,
            who: found.into_inner(),
        })),
        Err(refusal) if refusal.reason == Reason::Unauthenticated => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}
