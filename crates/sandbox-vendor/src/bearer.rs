//! Who calls the API: a grant, by its access token (RFC 6750 section 2.1).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use crate::api::ApiError;
use crate::user::UserName;
use crate::vendor::Vendor;

/// The user on whose behalf the API is called.
pub(crate) struct Caller(pub UserName);

impl FromRequestParts<Arc<Vendor>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, vendor: &Arc<Vendor>) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(AUTHORIZATION).iter();
        let header = match (values.next(), values.next()) {
            (None, _) => return Err(ApiError::NoToken),
            (Some(header), None) => header.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        let (scheme, token) = header
            .and_then(|text| text.split_once(' '))
            .ok_or(ApiError::InvalidToken)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(ApiError::NoToken);
        }
        vendor
            .grant_of_access_token(token.trim())
            .map(|grant| Self(grant.user))
            .ok_or(ApiError::InvalidToken)
    }
}
