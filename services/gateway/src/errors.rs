//! The one place that turns reasons into what callers see: the contract's error JSON and its status.

use std::fmt;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ferrule_wire::{Reason, Refusal};
use serde::Serialize;
use tonic::Status;

use crate::request_id::RequestId;

/// The table from reason to HTTP status.
pub(crate) fn http_status(reason: Reason) -> StatusCode {
    match reason {
        Reason::InvalidRequest
        | Reason::StateSpent
        | Reason::StateMismatch
        | Reason::CallbackMismatch
        | Reason::BrowserMismatch
        | Reason::IssuerMismatch
        | Reason::UserDenied
        | Reason::CodeSpent
        | Reason::VendorRejected => StatusCode::BAD_REQUEST,
        Reason::Unauthenticated | Reason::ReauthorizationRequired => StatusCode::UNAUTHORIZED,
        Reason::Forbidden | Reason::InstanceDisabled => StatusCode::FORBIDDEN,
        Reason::ElementUnknown
        | Reason::InstanceUnknown
        | Reason::AppUnknown
        | Reason::ConnectUnknown
        | Reason::StateUnknown
        | Reason::StateExpired => StatusCode::NOT_FOUND,
        Reason::ConnectExpired | Reason::ConnectSpent => StatusCode::GONE,
        Reason::StatePending | Reason::IdempotencyConflict => StatusCode::CONFLICT,
        Reason::VendorUnreachable | Reason::ExchangeUnknown | Reason::AppMisconfigured => {
            StatusCode::BAD_GATEWAY
        }
        Reason::ExchangeInFlight | Reason::Unavailable | Reason::Sealed => StatusCode::SERVICE_UNAVAILABLE,
        Reason::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Reasons that lie in the instance, which its owner can mend: a 401 or 403 alone would not say so.
fn is_the_instances(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::ReauthorizationRequired | Reason::InstanceDisabled | Reason::AppMisconfigured
    )
}

/// How long a caller had better wait before it repeats a call that found a part away.
const RETRY_AFTER_SECONDS: u64 = 2;

/// An answer that says no. As a response it is bodiless until [`ApiError::render`] adds the request's id.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    provider_message: Option<String>,
    /// For programs, where the status alone does not say what to do.
    reason: Option<Reason>,
    retry_after: Option<u64>,
}

impl ApiError {
    /// A refusal of the gateway's own, for which no reason travels.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            provider_message: None,
            reason: None,
            retry_after: None,
        }
    }

    /// A malformed or incomplete request.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Refusal::new(Reason::InvalidRequest, message).into()
    }

    /// Too many requests; try again in so many seconds.
    pub(crate) fn too_many(what: impl fmt::Display, seconds: u64) -> Self {
        let words = format!("{what} Try again in {seconds} s.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, words).retry_after(seconds)
    }

    /// The same, with when to come again.
    #[must_use]
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The contract's JSON (contract, "Errors").
    pub(crate) fn render(&self, request_id: &RequestId) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            request_id: &'a str,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            provider_message: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
        }
        let body = Body {
            request_id: request_id.as_str(),
            message: &self.message,
            provider_message: self.provider_message.as_deref(),
            reason: self.reason.map(Reason::as_str),
        };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let status = http_status(refusal.reason);
        Self {
            status,
            message: refusal.message,
            provider_message: refusal.provider_message,
            reason: is_the_instances(refusal.reason).then_some(refusal.reason),
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_SECONDS),
        }
    }
}

impl From<Status> for ApiError {
    fn from(status: Status) -> Self {
        Refusal::from(status).into()
    }
}

impl From<crate::auth::AuthorizationError> for ApiError {
    fn from(error: crate::auth::AuthorizationError) -> Self {
        Refusal::from(error).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_fault_of_ours_is_a_500() {
        for reason in Reason::ALL {
            let is_500 = http_status(*reason) == StatusCode::INTERNAL_SERVER_ERROR;
            assert_eq!(is_500, *reason == Reason::Internal, "{reason:?}");
        }
    }

    #[test]
    fn the_table_is_the_contract() {
        for (reason, status) in [
            (Reason::InvalidRequest, 400),
            (Reason::Unauthenticated, 401),
            (Reason::Forbidden, 403),
            (Reason::ElementUnknown, 404),
            (Reason::InstanceUnknown, 404),
            (Reason::AppUnknown, 404),
            (Reason::StateUnknown, 404),
            (Reason::StateExpired, 404),
            (Reason::StatePending, 409),
            (Reason::StateMismatch, 400),
            (Reason::UserDenied, 400),
            (Reason::CodeSpent, 400),
            (Reason::VendorRejected, 400),
            (Reason::VendorUnreachable, 502),
            (Reason::ExchangeUnknown, 502),
            (Reason::IdempotencyConflict, 409),
            (Reason::Unavailable, 503),
            (Reason::Sealed, 503),
        ] {
            assert_eq!(http_status(reason).as_u16(), status, "{reason:?}");
        }
    }
}
