//! `POST /authorize`: the user's word on the login page, and the way back (RFC 6749 section 4.1.2).
//!
//! No cookie and no session stands behind this form, so a forged post gains nothing that its sender lacks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::ExposeSecret as _;

use crate::authorize::Transaction;
use crate::code::Authorization;
use crate::grant::Grant;
use crate::pages::{self, LoginPage};
use crate::parameters::{ParameterError, Parameters};
use crate::signing::Purpose;
use crate::user::UserName;
use crate::vendor::Vendor;

/// The form does not hold together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    #[error("This form is incomplete: {0}.")]
    Parameter(#[from] ParameterError),
    #[error("This form has neither an Allow nor a Deny: decision must be allow or deny.")]
    Decision,
    #[error("This page is too old. Go back to the app and start again.")]
    Transaction,
}

pub(crate) async fn consent(
    State(vendor): State<Arc<Vendor>>,
    form: Parameters,
) -> Result<Response, ConsentError> {
    let transaction_field = form.require("transaction")?;
    let transaction: Transaction = vendor
        .signer
        .open(Purpose::Transaction, transaction_field, vendor.now())
        .ok_or(ConsentError::Transaction)?;
    match form.require("decision")? {
        "deny" => Ok(deny(&vendor, &transaction)),
        "allow" => {
            let given = form.get("name")?.unwrap_or_default();
            Ok(match given.parse() {
                Ok(user) => allow(&vendor, transaction, user),
                Err(error) => ask_again(&transaction, transaction_field, given, &error.to_string()),
            })
        }
        _ => Err(ConsentError::Decision),
    }
}

fn allow(vendor: &Vendor, transaction: Transaction, user: UserName) -> Response {
    let Transaction {
        back,
        scope,
        challenge,
    } = transaction;
    let family = vendor.chance.hex_token().expose_secret().to_owned();
    let code = vendor.issue_code(Authorization {
        grant: Grant { user, scope, family },
        redirect_uri: back.redirect_uri.clone(),
        challenge,
    });
    back.send(&vendor.settings.issuer, &[("code", code.expose_secret())])
}

fn deny(vendor: &Vendor, transaction: &Transaction) -> Response {
    let answer = [
        ("error", "access_denied"),
        ("error_description", "The user did not allow it."),
    ];
    transaction.back.send(&vendor.settings.issuer, &answer)
}

fn ask_again(transaction: &Transaction, field: &str, given: &str, complaint: &str) -> Response {
    LoginPage {
        name: given,
        complaint: Some(complaint),
        scope: &transaction.scope,
        host: transaction.back.redirect_uri.host(),
        transaction: field,
    }
    .show()
}

impl IntoResponse for ConsentError {
    fn into_response(self) -> Response {
        pages::refusal(StatusCode::BAD_REQUEST, &self.to_string())
    }
}
