//! The second leg (RFC 5849 section 2.2): where the user says yes.

use std::collections::BTreeMap;

use ferrule_catalog::Connector;
use ferrule_model::OrganizationId;
use ferrule_oauth::oauth1::{IssuedCredentials, authorization_url};
use ferrule_wire::Refusal;
use ferrule_wire::v1::{AuthorizeRequest, AuthorizeResponse};
use secrecy::ExposeSecret as _;

use super::request_token::{App, temporary_credentials};
use super::state_of;
use crate::authorize::hosted_form;
use crate::handshake::{AuthorizationRequest, HandshakeKey, TemporaryCredentials};
use crate::refusals::{from_parameter, from_record, invalid, unauthenticated};
use crate::state::Broker;

/// For a caller that has a temporary token, its URL, and nothing is kept; on Ferrule's own callback the first leg
/// too, and the handshake that waits for the verifier.
pub(crate) async fn authorize(
    broker: &Broker,
    connector: &Connector,
    request: AuthorizeRequest,
) -> Result<AuthorizeResponse, Refusal> {
    let parameters = connector.resolve(&request.parameters).map_err(from_parameter)?;
    let url_of = |token: &str| {
        let address = connector.authorization_url(&parameters).map_err(from_parameter)?;
        let extra = connector.authorize_params(&parameters).map_err(from_parameter)?;
        authorization_url(&address, token, &extra).map_err(Refusal::internal)
    };
    if !request.request_token.is_empty() {
        return Ok(AuthorizeResponse {
            oauth_url: url_of(&request.request_token)?,
            element: connector.key.to_string(),
            state: None,
        });
    }
    let callback_url = broker.hosted_callback(connector);
    if !request.callback_url.is_empty() && request.callback_url != callback_url {
        return Err(invalid(
            "`requestToken` is missing: fetch it from oauth/token with the same callbackUrl, and keep its secret.",
        ));
    }
    let organization_id = request.organization_id.map(OrganizationId).ok_or_else(|| {
        unauthenticated("Ferrule's own callback is for known callers: send an Authorization header, or a requestToken of yours.")
    })?;
    let form = hosted_form(broker, &request)?;
    let app = App::of(&request.api_key, request.api_secret)?;
    // What the URL itself needs is asked for before the vendor is.
    url_of("")?;
    let IssuedCredentials { token, secret, .. } =
        temporary_credentials(broker, connector, &parameters, &app, &callback_url).await?;
    let oauth_url = url_of(token.expose_secret())?;
    let state = state_of(&connector.key, &token);
    let token_url = connector.token_url(&parameters).ok();
    let declared = parameters.into_map();
    let given = request.parameters.into_iter();
    let record = AuthorizationRequest {
        organization_id,
        connector: connector.key.clone(),
        form,
        client_id: app.key,
        client_secret: Some(app.secret),
        callback_url,
        scope: request.scope,
        code_verifier: None,
        temporary: Some(TemporaryCredentials { token, secret }),
        kept: given
            .filter(|(name, _)| !declared.contains_key(name))
            .collect::<BTreeMap<_, _>>(),
        parameters: declared,
        token_url,
        issuer: None,
        iss_required: false,
    };
    broker
        .handshakes
        .begin(&HandshakeKey::of_state(&state), record)
        .await
        .map_err(from_record)?;
    Ok(AuthorizeResponse {
        oauth_url,
        element: connector.key.to_string(),
        state: Some(state.expose_secret().to_owned()),
    })
}
