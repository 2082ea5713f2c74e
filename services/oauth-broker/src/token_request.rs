//! The one token request of an exchange, and what came of it.

use ferrule_catalog::{Connector, Parameters};
use ferrule_oauth::{self as oauth, CodeVerifier, TokenAnswer, vendor_words};
use ferrule_outbound::OutboundError;
use ferrule_wire::{Reason, Refusal};
use http::StatusCode;
use secrecy::SecretString;

use crate::fill::fill;
use crate::handshake::{self, Claimed, Grant, Outcome};
use crate::state::Broker;
use crate::token_endpoint::{Answered, TIME_LIMIT, TokenEndpoint};
use crate::vendor_call::Asked;

/// What came of the request.
pub(crate) enum Answer {
    /// Nothing reached the vendor, or the vendor would not look at it: the code is unspent.
    NeverLeft(Refusal),
    /// The vendor said yes or no.
    Ended(Outcome),
    /// It may have arrived; nobody knows what the vendor made of it.
    Unknown,
}

impl Answer {
    /// Nothing is spent, for the reason that `why` gives.
    pub(crate) fn never_left(connector: &Connector, why: &str) -> Self {
        let words = format!(
            "{} could not be reached: {why}. The code is unspent; repeat the call.",
            connector.name
        );
        Self::NeverLeft(Refusal::new(Reason::VendorUnreachable, words))
    }

    /// What a token endpoint that gave none leaves.
    pub(crate) fn none(connector: &Connector, error: &OutboundError) -> Self {
        match error {
            OutboundError::NotSent { .. } => {
                tracing::warn!(element = %connector.key, %error, "the token endpoint was not reached");
                Self::never_left(connector, &error.to_string())
            }
            OutboundError::Unanswered { .. } => {
                tracing::warn!(event = "exchange_unknown", element = %connector.key, %error, "the token endpoint did not answer");
                Self::Unknown
            }
        }
    }

    /// An answer that says neither yes nor no.
    pub(crate) fn unclear(connector: &Connector, status: u16) -> Self {
        tracing::warn!(event = "exchange_unknown", element = %connector.key, status, "the token endpoint gave no clear answer");
        Self::Unknown
    }
}

/// Sends the code once.
pub(crate) async fn send(broker: &Broker, connector: &Connector, claimed: &Claimed) -> Answer {
    let agreed = &claimed.request;
    let parameters: Parameters = agreed.parameters.clone().into_iter().collect();
    let public = SecretString::default();
    let secret = agreed.client_secret.as_ref().unwrap_or(&public);
    let endpoint = TokenEndpoint::new(connector, &parameters, &agreed.client_id, secret);
    let built = endpoint.and_then(|endpoint| Ok((build(&endpoint, claimed)?, endpoint)));
    let (request, endpoint) = match built {
        Ok(built) => built,
        Err(refusal) => return Answer::NeverLeft(refusal),
    };
    let answer = match endpoint
        .ask(broker, Asked::Exchange, request, TIME_LIMIT, &agreed.scope)
        .await
    {
        Ok(answer) => answer,
        Err(error) => return Answer::none(connector, &error),
    };
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        return Answer::never_left(connector, "it takes no more requests right now");
    }
    let status = answer.status.as_u16();
    match answer.tokens {
        TokenAnswer::Granted(granted) => {
            let granted = lengthened(broker, &endpoint, granted).await;
            let mut parameters = agreed.parameters.clone();
            fill(&mut parameters, connector, granted.extra.iter());
            Answer::Ended(Outcome::Granted(Box::new(Grant {
                access_token: granted.tokens.access_token,
                token_secret: None,
                refresh_token: granted.tokens.refresh_token,
                expires_at: granted.tokens.expires_at,
                scope: granted.tokens.scope,
                requested_at: answer.requested_at,
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
        TokenAnswer::Unclear { status } => Answer::unclear(connector, status),
    }
}

fn build(endpoint: &TokenEndpoint<'_>, claimed: &Claimed) -> Result<http::Request<Vec<u8>>, Refusal> {
    let agreed = &claimed.request;
    let verifier = agreed
        .code_verifier
        .clone()
        .map(CodeVerifier::try_from)
        .transpose()
        .map_err(Refusal::internal)?;
    endpoint.code_request(
        agreed.token_url.as_deref(),
        &claimed.callback.code,
        &agreed.callback_url,
        &agreed.scope,
        verifier.as_ref(),
    )
}

/// The long-lived token in place of the first, where the vendor has both. Whatever goes wrong here, the first one
/// works and is kept: its code is spent.
async fn lengthened(broker: &Broker, endpoint: &TokenEndpoint<'_>, first: oauth::Grant) -> oauth::Grant {
    let request = match endpoint.long_lived_request(&first.tokens.access_token) {
        Ok(None) => return first,
        Ok(Some(request)) => request,
        Err(refusal) => {
            tracing::warn!(event = "long_lived_failed", %refusal, "a short-lived token is kept");
            return first;
        }
    };
    let answer = endpoint
        .ask(broker, Asked::Exchange, request, TIME_LIMIT, &first.tokens.scope)
        .await;
    match answer {
        Ok(Answered {
            tokens: TokenAnswer::Granted(mut second),
            ..
        }) => {
            let own = endpoint.refresh_token_of(&second.tokens);
            second.tokens.refresh_token = own.or(first.tokens.refresh_token);
            second.extra = first.extra.and(second.extra);
            second
        }
        Ok(answer) => {
            let status = answer.status.as_u16();
            tracing::warn!(event = "long_lived_failed", status, "a short-lived token is kept");
            first
        }
        Err(error) => {
            tracing::warn!(event = "long_lived_failed", %error, "a short-lived token is kept");
            first
        }
    }
}
