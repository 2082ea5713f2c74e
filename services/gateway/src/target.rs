//! Which instance a path means: `/instances/{id}`, `/elements/{keyOrId}/instances/{id}`, or `/instances` by token.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use ferrule_wire::v1::Credentials;

use crate::auth::Presented;
use crate::errors::ApiError;

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
        let id = path_parameter(parts, state, "id").await?;
        let element = path_parameter(parts, state, "element").await?.unwrap_or_default();
        let presented = match id {
            Some(_) => Presented::of_platform(&parts.headers)?,
            None => Presented::of_instance(&parts.headers)?,
        };
        let id = id.as_deref().map(instance_id).transpose()?;
        Ok(Self {
            credentials: presented.to_wire(),
            id,
            element,
        })
    }
}

/// A parameter of the matched route; absent when the route has none of this name.
pub(crate) async fn path_parameter<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<Option<String>, ApiError> {
    let parameters = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::bad_request("The path is not valid UTF-8."))?;
    Ok(parameters
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value.to_owned()))
}

/// Ids are numbers; one too large for any instance is a number all the same, and names none.
fn instance_id(text: &str) -> Result<i64, ApiError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::bad_request(
            "The instance id in the path is not a number.",
        ));
    }
    Ok(text.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_ids_are_numbers() {
        assert_eq!(instance_id("594927").unwrap(), 594_927);
        assert_eq!(instance_id(&"9".repeat(40)).unwrap(), i64::MAX);
        for bad in ["", "abc", "-1", "1.5", "0x1", "1 "] {
            assert!(instance_id(bad).is_err(), "{bad:?}");
        }
    }
}
