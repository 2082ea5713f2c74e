//! What the token endpoint refuses, and in which words (RFC 6749 section 5.2).

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::code::CodeError;
use crate::grant::RefreshError;
use crate::parameters::{FormError, ParameterError};

/// A refusal of the token or the revocation endpoint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    InvalidRequest(String),
    #[error("{0}")]
    Form(#[from] FormError),
    #[error("client_id and client_secret do not belong to a known client")]
    InvalidClient,
    #[error("{0}")]
    InvalidGrant(&'static str),
    #[error("grant_type must be authorization_code or refresh_token")]
    UnsupportedGrantType,
    #[error("scope goes beyond what was granted")]
    InvalidScope,
}

impl TokenError {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::Form(_) => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
        }
    }
}

impl From<ParameterError> for TokenError {
    fn from(error: ParameterError) -> Self {
        Self::InvalidRequest(error.to_string())
    }
}

impl From<CodeError> for TokenError {
    fn from(error: CodeError) -> Self {
        Self::InvalidGrant(match error {
            CodeError::Unknown => "the code is unknown or too old",
            CodeError::Spent(_) => "the code was used before",
        })
    }
}

impl From<RefreshError> for TokenError {
    fn from(error: RefreshError) -> Self {
        Self::InvalidGrant(match error {
            RefreshError::Unknown => "the refresh token is unknown or too old",
            RefreshError::Spent => "the refresh token was used before, or is revoked",
        })
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.code(), "error_description": self.to_string() }));
        match self {
            Self::InvalidClient => (
                StatusCode::UNAUTHORIZED,
                [(WWW_AUTHENTICATE, "Basic realm=\"sandbox\"")],
                body,
            )
                .into_response(),
            Self::Form(FormError::Unreadable(status)) => (status, body).into_response(),
            _ => (StatusCode::BAD_REQUEST, body).into_response(),
        }
    }
}
