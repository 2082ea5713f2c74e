//! `POST /token`: codes and refresh tokens for tokens (RFC 6749 sections 4.1.3 and 6).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use axum::response::IntoResponse;

use crate::client;
use crate::code::{Authorization, CodeError};
use crate::grant::{RefreshError, SCOPE, TokenAnswer};
use crate::parameters::{FormError, Parameters};
use crate::token_error::TokenError;
use crate::vendor::Vendor;

pub(crate) async fn token(
    State(vendor): State<Arc<Vendor>>,
    headers: HeaderMap,
    form: Result<Parameters, FormError>,
) -> impl IntoResponse {
    let answer = form.map_err(TokenError::from).and_then(|form| {
        client::authenticate(&headers, &form)?;
        match form.require("grant_type")? {
            "authorization_code" => exchange(&vendor, &form),
            "refresh_token" => refresh(&vendor, &form),
            _ => Err(TokenError::UnsupportedGrantType),
        }
    });
    (
        [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")],
        answer.map(Json),
    )
}

fn exchange(vendor: &Vendor, form: &Parameters) -> Result<TokenAnswer, TokenError> {
    let (code, redirect_uri) = (form.require("code")?, form.require("redirect_uri")?);
    let verifier = form.get("code_verifier")?;
    let authorization = vendor.spend_code(code).inspect_err(|error| {
        if let CodeError::Spent(family) = error {
            tracing::warn!("a code came back after its use: its grant is revoked");
            vendor.revoke_family(family);
        }
    })?;
    check_binding(&authorization, redirect_uri, verifier)?;
    tracing::debug!("a code was exchanged");
    Ok(vendor.issue(authorization.grant))
}

fn check_binding(
    authorization: &Authorization,
    redirect_uri: &str,
    verifier: Option<&str>,
) -> Result<(), TokenError> {
    if authorization.redirect_uri.as_str() != redirect_uri {
        return Err(TokenError::InvalidGrant(
            "redirect_uri is not the one that the code was issued for",
        ));
    }
    match (&authorization.challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
        (Some(_), _) => Err(TokenError::InvalidGrant(
            "code_verifier does not match the code challenge",
        )),
        // A verifier without a challenge is the mark of a downgrade (RFC 9700 section 4.8.2).
        (None, Some(_)) => Err(TokenError::InvalidGrant(
            "the code was issued without a code challenge",
        )),
    }
}

fn refresh(vendor: &Vendor, form: &Parameters) -> Result<TokenAnswer, TokenError> {
    let refresh_token = form.require("refresh_token")?;
    if form.get("scope")?.is_some_and(|scope| scope != SCOPE) {
        return Err(TokenError::InvalidScope);
    }
    let answer = vendor.rotate(refresh_token).inspect_err(|error| {
        if matches!(error, RefreshError::Spent) {
            tracing::warn!("a refresh token came back after its use: its grant is revoked");
        }
    })?;
    tracing::debug!("a grant was refreshed");
    Ok(answer)
}
