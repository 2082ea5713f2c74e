//! The API: `/me` and `/contacts`.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{LOCATION, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::bearer::Caller;
use crate::contacts::{Contact, ContactError, NewContact};
use crate::parameters::{ParameterError, Parameters};
use crate::vendor::Vendor;

/// The most contacts on one page.
const MAX_PER_PAGE: usize = 100;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("an access token is needed: Authorization: Bearer …")]
    NoToken,
    #[error("the access token is unknown, too old or revoked")]
    InvalidToken,
    #[error("there is no such contact")]
    NotFound,
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error("{0} must be a whole number from 1 to {1}")]
    Paging(&'static str, usize),
    #[error("{}", .0.body_text())]
    Body(#[from] JsonRejection),
    #[error(transparent)]
    Contact(#[from] ContactError),
}

pub(crate) async fn me(Caller(user): Caller) -> Json<Value> {
    Json(json!({ "id": user.id(), "name": user.as_str(), "email": user.email() }))
}

pub(crate) async fn list(
    State(vendor): State<Arc<Vendor>>,
    Caller(user): Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = Parameters::parse(query.unwrap_or_default().as_bytes());
    let page = number(&query, "page", 1, usize::MAX)?;
    let per_page = number(&query, "per_page", 10, MAX_PER_PAGE)?;
    let contacts = vendor.contacts.of(&user, vendor.now());
    let start = (page - 1).saturating_mul(per_page).min(contacts.len());
    let end = start.saturating_add(per_page).min(contacts.len());
    Ok(Json(json!({
        "data": contacts[start..end],
        "page": page,
        "per_page": per_page,
        "pages": contacts.len().div_ceil(per_page),
        "total": contacts.len(),
    })))
}

pub(crate) async fn read(
    State(vendor): State<Arc<Vendor>>,
    Caller(user): Caller,
    Path(id): Path<String>,
) -> Result<Json<Contact>, ApiError> {
    let contacts = vendor.contacts.of(&user, vendor.now());
    let contact = contacts.into_iter().find(|contact| contact.id.to_string() == id);
    contact.map(Json).ok_or(ApiError::NotFound)
}

pub(crate) async fn create(
    State(vendor): State<Arc<Vendor>>,
    Caller(user): Caller,
    body: Result<Json<NewContact>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(contact) = body?;
    let contact = vendor.contacts.add(&user, contact, vendor.now())?;
    let location = vendor.settings.endpoint(&format!("/contacts/{}", contact.id));
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(contact)).into_response())
}

fn number(query: &Parameters, name: &'static str, default: usize, most: usize) -> Result<usize, ApiError> {
    let Some(text) = query.get(name)? else {
        return Ok(default);
    };
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or(ApiError::Paging(name, most))
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, error) = match &self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Self::Parameter(_) | Self::Paging(..) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::Contact(ContactError::Full) => (StatusCode::CONFLICT, "full"),
            Self::Contact(_) => (StatusCode::BAD_REQUEST, "invalid_contact"),
            Self::Body(rejection) => (rejection.status(), "invalid_body"),
        };
        let body = Json(json!({ "error": error, "message": self.to_string() }));
        // What the header says to whom: RFC 6750 section 3.1.
        match self {
            Self::NoToken => (status, [(WWW_AUTHENTICATE, "Bearer realm=\"sandbox\"")], body).into_response(),
            Self::InvalidToken => {
                let challenge = "Bearer realm=\"sandbox\", error=\"invalid_token\"";
                (status, [(WWW_AUTHENTICATE, challenge)], body).into_response()
            }
            _ => (status, body).into_response(),
        }
    }
}
