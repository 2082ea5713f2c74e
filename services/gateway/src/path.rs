//! What a path names: a connector, an instance, an entry of its configuration.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::errors::ApiError;

/// A connector's key or numeric id, as the path has it.
#[derive(Debug)]
pub(crate) struct Element(pub(crate) String);

/// The same, on routes that have such a part and on routes that have none.
#[derive(Debug)]
pub(crate) struct MaybeElement(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Element {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        parameter(parts, state, "element")
            .await
            .map(|element| Self(element.unwrap_or_default()))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeElement {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        parameter(parts, state, "element").await.map(Self)
    }
}

/// The numeric id of a Config object.
#[derive(Debug)]
pub(crate) struct ConfigId(pub(crate) u32);

impl<S: Send + Sync> FromRequestParts<S> for ConfigId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let text = parameter(parts, state, "config_id").await?.unwrap_or_default();
        number(&text, "configuration").map(|id| Self(id.unwrap_or(u32::MAX)))
    }
}

/// The numeric id of an instance; absent on routes that have none.
pub(crate) async fn instance_id<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<Option<i64>, ApiError> {
    let Some(text) = parameter(parts, state, "id").await? else {
        return Ok(None);
    };
    number(&text, "instance").map(|id| Some(id.unwrap_or(i64::MAX)))
}

/// Whether the route names an instance by id.
pub(crate) async fn names_an_instance<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
) -> Result<bool, ApiError> {
    parameter(parts, state, "id").await.map(|id| id.is_some())
}

/// A parameter of the matched route; absent when the route has none of this name.
async fn parameter<S: Send + Sync>(
    parts: &mut Parts,
    state: &S,
    name: &str,
) -> Result<Option<String>, ApiError> {
    let parameters = RawPathParams::from_request_parts(parts, state)
        .await
        .map_err(|_| ApiError::bad_request("The path is not valid UTF-8."))?;
    let found = parameters.iter().find(|(known, _)| *known == name);
    match found.map(|(_, value)| value) {
        Some(value) if value.chars().any(char::is_control) => {
            Err(ApiError::bad_request("The path holds a control character."))
        }
        value => Ok(value.map(str::to_owned)),
    }
}

/// Ids are numbers; one too large for anything of ours is a number all the same, and absent here.
fn number<N: std::str::FromStr>(text: &str, what: &str) -> Result<Option<N>, ApiError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::bad_request(format!(
            "The {what} id in the path is not a number."
        )));
    }
    Ok(text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers() {
        assert_eq!(number::<i64>("594927", "instance").unwrap(), Some(594_927));
        assert_eq!(number::<i64>(&"9".repeat(40), "instance").unwrap(), None);
        for bad in ["", "abc", "-1", "+1", "1.5", "0x1", "1 ", "١"] {
            assert!(number::<i64>(bad, "instance").is_err(), "{bad:?}");
        }
    }
}
