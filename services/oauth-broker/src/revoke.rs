//! Asks the vendor to revoke a token (RFC 7009).

use std::time::Duration;

use ferrule_oauth::{Client, TokenHint, revocation_request};
use ferrule_outbound::Limits;
use ferrule_wire::v1::{RevokeRequest, RevokeResponse};
use ferrule_wire::{Reason, Refusal};
use secrecy::SecretString;

use crate::refusals::from_parameter;
use crate::state::Broker;
use crate::token_endpoint::client_auth;
use crate::vendor_call::{self, Asked};

const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(10),
    max_body_bytes: 64 * 1024,
};

/// An unknown token counts as revoked, as the vendor says by its 200; a 5xx or 429 means: try again.
pub(crate) async fn revoke(broker: &Broker, request: RevokeRequest) -> Result<RevokeResponse, Refusal> {
    if broker.connector(&request.element)?.oauth1().is_ok() {
        // OAuth 1.0a knows no revocation.
        return Ok(RevokeResponse { revoked: false });
    }
    let connector = &*broker.with_tokens(&request.element).await?;
    let tokens = connector.token_server().map_err(from_parameter)?;
    let parameters = connector.resolve(&request.parameters).map_err(from_parameter)?;
    let Some(address) = connector.revocation_url(&parameters).map_err(from_parameter)? else {
        return Ok(RevokeResponse { revoked: false });
    };
    let secret = SecretString::from(request.api_secret);
    let client = Client {
        id: &request.api_key,
        secret: &secret,
        auth: client_auth(tokens),
    };
    let hint = if request.refresh {
        TokenHint::RefreshToken
    } else {
        TokenHint::AccessToken
    };
    let message =
        revocation_request(&address, &client, &request.token.into(), hint).map_err(Refusal::internal)?;
    let later = |words: &str| Refusal::new(Reason::VendorUnreachable, words);
    let answer = vendor_call::send(broker, connector, Asked::Revocation, message, LIMITS)
        .await
        .map_err(|error| later(&error.to_string()))?;
    let status = answer.status();
    if status.is_server_error() || status.as_u16() == 429 {
        return Err(later("The vendor did not revoke the token now."));
    }
    if !status.is_success() {
        tracing::warn!(element = %connector.key, status = status.as_u16(), "the vendor refused to revoke a token");
    }
    Ok(RevokeResponse {
        revoked: status.is_success(),
    })
}
