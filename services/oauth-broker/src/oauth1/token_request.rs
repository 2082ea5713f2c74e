//! The third leg (RFC 5849 section 2.3): the one token request of an exchange, and what came of it.

use ferrule_catalog::Connector;
use ferrule_oauth::oauth1::{self, ClientCredentials, CredentialsAnswer, TokenCredentials};
use ferrule_oauth::vendor_words;
use ferrule_wire::{Reason, Refusal};
use http::StatusCode;
use secrecy::SecretString;

use super::vendor::{ask, or_empty, signer, stamp};
use crate::fill::fill;
use crate::handshake::{self, Claimed, Grant, Outcome};
use crate::refusals::from_parameter;
use crate::state::Broker;
use crate::token_endpoint::TIME_LIMIT;
use crate::token_request::Answer;
use crate::vendor_call::Asked;

/// Sends the verifier once.
pub(crate) async fn send(broker: &Broker, connector: &Connector, claimed: &Claimed) -> Answer {
    let agreed = &claimed.request;
    let client_secret = or_empty(agreed.client_secret.as_ref());
    let request = match build(broker, connector, claimed, &client_secret) {
        Ok(request) => request,
        Err(refusal) => return Answer::NeverLeft(refusal),
    };
    let answer = match ask(broker, connector, Asked::Exchange, request, TIME_LIMIT).await {
        Ok(answer) if answer.status == StatusCode::TOO_MANY_REQUESTS => {
            return Answer::never_left(connector, "it takes no more requests right now");
        }
        Ok(answer) => answer,
        Err(error) => return Answer::none(connector, &error),
    };
    let status = answer.status.as_u16();
    match answer.credentials {
        CredentialsAnswer::Granted(issued) => {
            let mut parameters = agreed.parameters.clone();
            fill(&mut parameters, connector, issued.extra.iter());
            Answer::Ended(Outcome::Granted(Box::new(Grant {
                access_token: issued.token,
                token_secret: Some(issued.secret),
                refresh_token: None,
                expires_at: None,
                scope: agreed.scope.clone(),
                requested_at: answer.requested_at,
                client_id: agreed.client_id.clone(),
                client_secret: agreed.client_secret.clone(),
                callback_url: agreed.callback_url.clone(),
                parameters,
            })))
        }
        CredentialsAnswer::Refused { error, description } => {
            tracing::info!(event = "vendor_rejected", element = %connector.key, status, "the vendor refused a verifier");
            let temporary = agreed.temporary.as_ref().map(|temporary| &temporary.secret);
            let secrets: Vec<&SecretString> = [Some(&claimed.callback.code), Some(&client_secret), temporary]
                .into_iter()
                .flatten()
                .collect();
            Answer::Ended(Outcome::Refused(handshake::Refusal {
                reason: Reason::VendorRejected.as_str().to_owned(),
                message: format!(
                    "{} refused the verifier, its secret, or the app's key and secret. Check them, then let the user log in again.",
                    connector.name
                ),
                provider_message: Some(vendor_words(&error, description.as_deref(), &secrets)),
            }))
        }
        CredentialsAnswer::Unclear { status } => Answer::unclear(connector, status),
    }
}

fn build(
    broker: &Broker,
    connector: &Connector,
    claimed: &Claimed,
    client_secret: &SecretString,
) -> Result<http::Request<Vec<u8>>, Refusal> {
    let agreed = &claimed.request;
    let address = if let Some(address) = &agreed.token_url {
        address.clone()
    } else {
        let parameters = agreed.parameters.clone().into_iter().collect();
        connector.token_url(&parameters).map_err(from_parameter)?
    };
    let temporary = agreed
        .temporary
        .as_ref()
        .ok_or_else(|| Refusal::internal("a login of OAuth 1.0a has no temporary credentials"))?;
    let client = ClientCredentials {
        key: &agreed.client_id,
        secret: client_secret,
    };
    let token = TokenCredentials {
        token: &temporary.token,
        secret: &temporary.secret,
    };
    let signer = signer(connector, client, Some(token))?;
    oauth1::token_request(&address, &signer, &claimed.callback.code, &stamp(broker))
        .map_err(Refusal::internal)
}
