//! Which instance a call means: `/instances/{id}`, `/elements/{keyOrId}/instances/{id}`, or `/instances` by token.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use ferrule_wire::v1::Credentials;

use crate::auth::Presented;
use crate::errors::ApiError;
use crate::path::{self, MaybeElement};

/// What the path names, with the credentials that such a path needs.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) credentials: Credentials,
    /// Absent: the instance of the Element token.
    pub(crate) id: Option<i64>,
    /// A connector's key or id; empty: any.
    pub(crate) element: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Target {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let presented = if path::names_an_instance(parts, state).await? {
            Presented::of_platform(&parts.headers)?
        } else {
            Presented::of_instance(&parts.headers)?
        };
        let MaybeElement(element) = MaybeElement::from_request_parts(parts, state).await?;
        Ok(Self {
            credentials: presented.to_wire(),
            id: path::instance_id(parts, state).await?,
            element: element.unwrap_or_default(),
        })
    }
}
