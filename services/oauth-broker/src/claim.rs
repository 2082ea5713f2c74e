//! Takes the code of an exchange and what goes with it: from its handshake, or on the caller's word alone.

use ferrule_catalog::{Auth, Connector, Pkce};
use ferrule_model::{Digest, OrganizationId};
use ferrule_oauth::{check_iss, vendor_words};
use ferrule_wire::v1::ExchangeRequest;
use ferrule_wire::{Reason, Refusal};
use secrecy::SecretString;

use crate::authorize::OWN_CALLBACK_STATE;
use crate::expected::Expected;
use crate::fill::fill_from_callback;
use crate::handshake::{
    AuthorizationRequest, Callback, Claim, Claimed, Denial, HandshakeKey, TemporaryCredentials,
};
use crate::oauth1;
use crate::refusals::{expired_state, from_parameter, from_record, unknown_state};
use crate::state::Broker;

/// A code that is this exchange's to send.
pub(crate) struct Code {
    /// Where it came from; `None`: the caller brought all of it.
    pub(crate) handshake: Option<HandshakeKey>,
    /// What the token request is made from.
    pub(crate) claimed: Claimed,
}

/// The code, or `None` where this exchange ended before. A refusal has consumed nothing.
pub(crate) async fn claim(
    broker: &Broker,
    connector: &Connector,
    exchange: Digest,
    request: &ExchangeRequest,
) -> Result<Option<Code>, Refusal> {
    if let Some(refusal) = brought_denial(connector, request) {
        return Err(refusal);
    }
    let expected = Expected::of(connector, request)?;
    let callback = (!request.code.is_empty()).then(|| Callback {
        code: request.code.clone().into(),
        parameters: request.callback_parameters.clone(),
    });
    let Some(key) = handshake_of(broker, connector, request).await? else {
        return alone(connector, expected, callback, request).map(Some);
    };
    let check = |agreed: &AuthorizationRequest| expected.check(connector, agreed);
    let claim = broker
        .handshakes
        .claim(&key, exchange, callback.as_ref(), check)
        .await
        .map_err(from_record)?;
    let mut claimed = match claim {
        Claim::Claimed(claimed) => *claimed,
        Claim::Done => return Ok(None),
        Claim::Refused(refusal) => return Err(refusal),
        Claim::Spent => {
            let words = "This login was already turned into an instance with another code.";
            return Err(Refusal::new(Reason::CodeSpent, words));
        }
        Claim::Pending => {
            let words = "The user has not come back from the vendor yet. Repeat the call once they have.";
            return Err(Refusal::new(Reason::StatePending, words));
        }
        Claim::Denied(denial) => return Err(denied_by(&denial)),
        Claim::Expired => return Err(expired_state()),
        Claim::Unknown => return Err(unknown_state()),
    };
    expected.complete(&mut claimed.request);
    Ok(Some(with_returned(connector, Some(key), claimed)))
}

/// Where the handshake lies, if this code has one. On the caller's own callback the issuer is checked first.
async fn handshake_of(
    broker: &Broker,
    connector: &Connector,
    request: &ExchangeRequest,
) -> Result<Option<HandshakeKey>, Refusal> {
    if !request.handshake.is_empty() {
        return Ok(Some(HandshakeKey::of_state(&request.handshake.clone().into())));
    }
    if let Auth::OAuth1(_) = connector.auth {
        return Ok(None);
    }
    let oauth2 = connector.oauth2().map_err(from_parameter)?;
    check_iss(oauth2.issuer.as_deref(), request.iss.as_deref(), false).map_err(|mismatch| {
        Refusal::new(
            Reason::IssuerMismatch,
            format!("This code was refused: {mismatch}."),
        )
    })?;
    let state = SecretString::from(request.state.clone());
    if request.state.starts_with(OWN_CALLBACK_STATE) {
        return Ok(Some(HandshakeKey::of_state(&state)));
    }
    if !request.state.is_empty() {
        let key = HandshakeKey::of_callers_state(
            OrganizationId(request.organization_id),
            &connector.key,
            &request.api_key,
            &request.callback_url,
            &state,
        );
        if broker.handshakes.find(&key).await.map_err(from_record)?.is_some() {
            return Ok(Some(key));
        }
    }
    if oauth2.pkce == Pkce::Required {
        let words = "This vendor requires PKCE: send `providerData.state` as it came back with the code, from an \
                     oauthUrl that was fetched with your Authorization header.";
        return Err(Refusal::new(Reason::InvalidRequest, words));
    }
    Ok(None)
}

/// A code that no handshake goes with.
fn alone(
    connector: &Connector,
    expected: Expected,
    callback: Option<Callback>,
    brought: &ExchangeRequest,
) -> Result<Code, Refusal> {
    let callback = callback.ok_or_else(|| {
        let words = "`providerData.code` is missing: send the code that the vendor's callback brought.";
        Refusal::new(Reason::InvalidRequest, words)
    })?;
    if matches!(connector.auth, Auth::OAuth1(_)) && brought.request_token.is_empty() {
        let words = "`providerData.oauth_token` is missing: send what the vendor's callback brought.";
        return Err(Refusal::new(Reason::InvalidRequest, words));
    }
    let mut request = expected.into_request(connector);
    request.temporary = (!brought.request_token.is_empty()).then(|| TemporaryCredentials {
        token: brought.request_token.clone().into(),
        secret: brought.request_token_secret.clone().into(),
    });
    Ok(with_returned(connector, None, Claimed { request, callback }))
}

/// Values that came back with the code fill parameters that nobody gave, where they fit.
fn with_returned(connector: &Connector, handshake: Option<HandshakeKey>, mut claimed: Claimed) -> Code {
    let returned = &claimed.callback.parameters;
    let returned = returned
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    fill_from_callback(&mut claimed.request.parameters, connector, returned);
    Code { handshake, claimed }
}

/// A vendor's no that the caller's own callback got and posts on, whole.
fn brought_denial(connector: &Connector, request: &ExchangeRequest) -> Option<Refusal> {
    if !request.code.is_empty() {
        return None;
    }
    let value = |name| request.callback_parameters.get(name).map(String::as_str);
    let secrets = [&request.handshake, &request.api_secret].map(|secret| SecretString::from(secret.as_str()));
    let secrets = secrets.each_ref();
    if let Auth::OAuth1(_) = connector.auth {
        return oauth1::denial(&request.callback_parameters, &secrets).map(|denial| denied_by(&denial));
    }
    let words = vendor_words(value("error")?, value("error_description"), &secrets);
    Some(denied(&words))
}

fn denied_by(denial: &Denial) -> Refusal {
    let words = [denial.error.as_str(), denial.description.as_str()].join(": ");
    denied(words.trim_matches([':', ' ']))
}

fn denied(words: &str) -> Refusal {
    Refusal::new(
        Reason::UserDenied,
        "The login ended with a no at the vendor. Let the user try again.",
    )
    .with_provider_message(words)
}
