//! The one token request of an exchange, and what came of it.

use std::time::Duration;

use ferrule_catalog::{self as catalog, Connector, OAuth2};
use ferrule_oauth::{
    self as oauth, CodeVerifier, TokenAnswer, code_request, read_token_answer, vendor_words,
};
use ferrule_outbound::{Limits, OutboundError};
use ferrule_wire::{Reason, Refusal};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use secrecy::SecretString;

use crate::claim::fill;
use crate::handshake::{self, Claimed, Grant, Outcome};
use crate::refusals::from_parameter;
use crate::state::Broker;

/// What a vendor's token endpoint gets: one request, this long.
const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(20),
    max_body_bytes: oauth::MAX_ANSWER_BYTES,
};

/// What came of the request.
pub(crate) enum Answer {
    /// Nothing reached the vendor, or the vendor would not look at it: the code is unspent.
    NeverLeft(Refusal),
    /// The vendor said yes or no.
    Ended(Outcome),
    /// It may have arrived; nobody knows what the vendor made of it.
    Unknown,
}

/// Sends the code once.
pub(crate) async fn send(broker: &Broker, connector: &Connector, claimed: &Claimed) -> Answer {
    let agreed = &claimed.request;
    let request = match build(connector, claimed) {
        Ok(request) => request,
        Err(refusal) => return Answer::NeverLeft(refusal),
    };
    let requested_at = broker.clock.now();
    let answer = match broker.outbound.send(request, LIMITS).await {
        Ok(answer) => answer,
        Err(error @ OutboundError::NotSent { .. }) => {
            tracing::warn!(element = %connector.key, %error, "the token endpoint was not reached");
            let words = format!(
                "{} could not be reached: {error}. The code is unspent; repeat the call.",
                connector.name
            );
            return Answer::NeverLeft(Refusal::new(Reason::VendorUnreachable, words));
        }
        Err(error @ OutboundError::Unanswered { .. }) => {
            tracing::warn!(event = "exchange_unknown", element = %connector.key, %error, "the token endpoint did not answer");
            return Answer::Unknown;
        }
    };
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        let words = format!(
            "{} takes no more requests right now. The code is unspent; repeat the call later.",
            connector.name
        );
        return Answer::NeverLeft(Refusal::new(Reason::VendorUnreachable, words));
    }
    let content_type = answer
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let status = answer.status().as_u16();
    match read_token_answer(status, content_type, answer.body(), requested_at, &agreed.scope) {
        TokenAnswer::Granted(granted) => {
            let mut parameters = agreed.parameters.clone();
            fill(&mut parameters, connector, granted.extra.iter());
            Answer::Ended(Outcome::Granted(Box::new(Grant {
                access_token: granted.tokens.access_token,
                refresh_token: granted.tokens.refresh_token,
                expires_at: granted.tokens.expires_at,
                scope: granted.tokens.scope,
                requested_at,
                client_id: agreed.client_id.clone(),
                client_secret: agreed.client_secret.clone(),
                callback_url: agreed.callback_url.clone(),
                parameters,
            })))
        }
        TokenAnswer::Refused { error, description } => {
            tracing::info!(event = "vendor_rejected", element = %connector.key, status, "the vendor refused a code");
            let secrets: Vec<&SecretString> = [
                Some(&claimed.callback.code),
                agreed.client_secret.as_ref(),
                agreed.code_verifier.as_ref(),
            ]
            .into_iter()
            .flatten()
            .collect();
            Answer::Ended(Outcome::Refused(handshake::Refusal {
                reason: Reason::VendorRejected.as_str().to_owned(),
                message: format!(
                    "{} refused the code or the app's key and secret. Check them, then let the user log in again.",
                    connector.name
                ),
                provider_message: Some(vendor_words(&error, description.as_deref(), &secrets)),
            }))
        }
        TokenAnswer::Unclear { status } => {
            tracing::warn!(event = "exchange_unknown", element = %connector.key, status, "the token endpoint gave no clear answer");
            Answer::Unknown
        }
    }
}

fn build(connector: &Connector, claimed: &Claimed) -> Result<http::Request<Vec<u8>>, Refusal> {
    let agreed = &claimed.request;
    let oauth2 = connector.oauth2().map_err(from_parameter)?;
    let token_url = if let Some(address) = &agreed.token_url {
        address.clone()
    } else {
        let parameters = agreed.parameters.clone().into_iter().collect();
        connector.token_url(&parameters).map_err(from_parameter)?
    };
    let public = SecretString::default();
    let client = oauth::Client {
        id: &agreed.client_id,
        secret: agreed.client_secret.as_ref().unwrap_or(&public),
        auth: client_auth(oauth2),
    };
    let verifier = agreed
        .code_verifier
        .clone()
        .map(CodeVerifier::try_from)
        .transpose()
        .map_err(Refusal::internal)?;
    let format = match oauth2.token_request {
        catalog::TokenRequestFormat::Form => oauth::BodyFormat::Form,
        catalog::TokenRequestFormat::Json => oauth::BodyFormat::Json,
    };
    code_request(
        &token_url,
        &client,
        &claimed.callback.code,
        &agreed.callback_url,
        verifier.as_ref(),
        format,
        &oauth2.token_params,
    )
    .map_err(Refusal::internal)
}

/// How the connector's clients authenticate.
pub(crate) fn client_auth(oauth2: &OAuth2) -> oauth::ClientAuth {
    match oauth2.client_auth {
        catalog::ClientAuth::Body => oauth::ClientAuth::Body,
        catalog::ClientAuth::Basic => oauth::ClientAuth::Basic,
    }
}
