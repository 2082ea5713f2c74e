//! `GET /authorize`: the authorization request (RFC 6749 section 4.1.1), answered with the login page.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::CLIENT_ID;
use crate::grant::SCOPE;
use crate::pages::{self, LoginPage};
use crate::parameters::{ParameterError, Parameters};
use crate::pkce::{Challenge, ChallengeError};
use crate::redirect::{InvalidRedirectUri, ReturnAddress};
use crate::signing::Purpose;
use crate::vendor::Vendor;

/// How long the login page may stay open.
const PAGE_LIFETIME: Duration = Duration::from_mins(10);

/// The authorization request, as the login page carries it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub back: ReturnAddress,
    pub scope: String,
    pub challenge: Option<Challenge>,
}

/// Client or redirect URI is in doubt: the browser goes nowhere (RFC 6749 section 4.1.2.1).
#[derive(Debug, thiserror::Error)]
enum Untrusted {
    #[error("The request does not come from an app that this sandbox knows: client_id must be {CLIENT_ID}.")]
    Client,
    #[error("The request cannot be answered: {0}.")]
    Parameter(#[from] ParameterError),
    #[error("The request cannot be answered: {0}.")]
    RedirectUri(#[from] InvalidRedirectUri),
}

/// An error that the client is told by redirect (RFC 6749 section 4.1.2.1).
#[derive(Debug, thiserror::Error)]
enum Returned {
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    #[error("response_type must be code")]
    ResponseType,
    #[error("the only scope is contacts")]
    Scope,
}

pub(crate) async fn authorize(State(vendor): State<Arc<Vendor>>, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::parse(query.unwrap_or_default().as_bytes());
    let back = match return_address(&parameters) {
        Ok(back) => back,
        Err(error) => return error.into_response(),
    };
    let requested = scope(&parameters).and_then(|scope| Ok((scope, Challenge::of_request(&parameters)?)));
    match requested {
        Ok((scope, challenge)) => show_login(
            &vendor,
            &Transaction {
                back,
                scope,
                challenge,
            },
        ),
        Err(error) => {
            let answer = [("error", error.code()), ("error_description", &error.to_string())];
            back.send(&vendor.settings.issuer, &answer)
        }
    }
}

fn return_address(parameters: &Parameters) -> Result<ReturnAddress, Untrusted> {
    if parameters.require("client_id")? != CLIENT_ID {
        return Err(Untrusted::Client);
    }
    let redirect_uri = parameters.require("redirect_uri")?.parse()?;
    // Which of two states to give back, nobody can say.
    let state = parameters.get("state")?.map(str::to_owned);
    Ok(ReturnAddress { redirect_uri, state })
}

fn scope(parameters: &Parameters) -> Result<String, Returned> {
    if parameters.require("response_type")? != "code" {
        return Err(Returned::ResponseType);
    }
    let scope = parameters.get("scope")?.unwrap_or(SCOPE);
    if scope == SCOPE {
        Ok(scope.to_owned())
    } else {
        Err(Returned::Scope)
    }
}

fn show_login(vendor: &Vendor, transaction: &Transaction) -> Response {
    LoginPage {
        name: "Ada",
        complaint: None,
        scope: &transaction.scope,
        host: transaction.back.redirect_uri.host(),
        transaction: &vendor
            .signer
            .sign(Purpose::Transaction, transaction, vendor.after(PAGE_LIFETIME)),
    }
    .show()
}

impl IntoResponse for Untrusted {
    fn into_response(self) -> Response {
        pages::refusal(StatusCode::BAD_REQUEST, &self.to_string())
    }
}

impl Returned {
    fn code(&self) -> &'static str {
        match self {
            Self::Parameter(_) | Self::Challenge(_) => "invalid_request",
            Self::ResponseType => "unsupported_response_type",
            Self::Scope => "invalid_scope",
        }
    }
}
