//! Where an exchange's code comes from, and what the caller says about it.

use std::collections::BTreeMap;

use ferrule_catalog::{Connector, Pkce};
use ferrule_model::{ConnectorKey, Digest, OrganizationId};
use ferrule_oauth::check_iss;
use ferrule_wire::v1::ExchangeRequest;
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};

use crate::authorize::OWN_CALLBACK_STATE;
use crate::handshake::{AuthorizationRequest, Callback, Claimed, Form, HandshakeKey};
use crate::refusals::{from_parameter, from_record, unknown_state};
use crate::state::Broker;

/// Either a handshake holds what goes with the code (on the hosted form, the code too), or the caller brought all.
pub(crate) enum CodeSource {
    Handshake {
        key: HandshakeKey,
        expected: Box<Expected>,
        callback: Option<Callback>,
    },
    Caller(Box<Claimed>),
}

impl CodeSource {
    /// Checks all that can be checked before anything is marked.
    pub(crate) async fn of(broker: &Broker, request: &ExchangeRequest) -> Result<Self, Refusal> {
        let (connector, oauth2) = broker.oauth2(&request.element)?;
        let expected = Box::new(Expected::of(connector, request)?);
        let callback = (!request.code.is_empty()).then(|| Callback {
            code: request.code.clone().into(),
            parameters: request.callback_parameters.clone().into_iter().collect(),
        });
        if !request.handshake.is_empty() {
            let key = HandshakeKey::of_state(&request.handshake.clone().into());
            return Ok(Self::Handshake {
                key,
                expected,
                callback,
            });
        }
        check_iss(oauth2.issuer.as_deref(), request.iss.as_deref(), false).map_err(|mismatch| {
            Refusal::new(
                Reason::IssuerMismatch,
                format!("This code was refused: {mismatch}."),
            )
        })?;
        let state = SecretString::from(request.state.clone());
        if request.state.starts_with(OWN_CALLBACK_STATE) {
            return Ok(Self::Handshake {
                key: HandshakeKey::of_state(&state),
                expected,
                callback,
            });
        }
        if !request.state.is_empty() {
            let key = HandshakeKey::of_callers_state(
                expected.organization,
                &connector.key,
                &expected.client_id,
                &expected.callback_url,
                &state,
            );
            if broker.handshakes.find(&key).await.map_err(from_record)?.is_some() {
                return Ok(Self::Handshake {
                    key,
                    expected,
                    callback,
                });
            }
        }
        if oauth2.pkce == Pkce::Required {
            let words = "This vendor requires PKCE: send `providerData.state` as it came back with the code, from an \
                         oauthUrl that was fetched with your Authorization header.";
            return Err(Refusal::new(Reason::InvalidRequest, words));
        }
        let callback = callback.ok_or_else(|| {
            let words = "`providerData.code` is missing: send the code that the vendor's callback brought.";
            Refusal::new(Reason::InvalidRequest, words)
        })?;
        let request = expected.into_request(connector)?;
        Ok(Self::Caller(Box::new(Claimed { request, callback })))
    }
}

/// What the caller says, to be held against what the handshake holds.
pub(crate) struct Expected {
    organization: OrganizationId,
    connector: ConnectorKey,
    client_id: String,
    client_secret: Option<SecretString>,
    callback_url: String,
    scope: Option<String>,
    /// As the caller gave them.
    given: BTreeMap<String, String>,
    /// The declared ones, defaults filled in.
    parameters: BTreeMap<String, String>,
}

impl Expected {
    fn of(connector: &Connector, request: &ExchangeRequest) -> Result<Self, Refusal> {
        let given: BTreeMap<String, String> = request.parameters.clone().into_iter().collect();
        Ok(Self {
            organization: OrganizationId(request.organization_id),
            connector: connector.key.clone(),
            client_id: request.api_key.clone(),
            client_secret: (!request.api_secret.is_empty()).then(|| request.api_secret.clone().into()),
            callback_url: request.callback_url.clone(),
            scope: given
                .get("oauth.scope")
                .filter(|scope| !scope.is_empty())
                .cloned(),
            parameters: connector.resolve(&given).map_err(from_parameter)?.into_map(),
            given,
        })
    }

    /// Somebody else's handshake is as good as none; one's own with other words is a mistake to be told.
    pub(crate) fn check(&self, connector: &Connector, agreed: &AuthorizationRequest) -> Result<(), Refusal> {
        if agreed.organization_id != self.organization || agreed.connector != self.connector {
            return Err(unknown_state());
        }
        let differs = |name: &str| {
            let words = format!(
                "`{name}` differs from what the login began with. Repeat it as it was, or leave it out."
            );
            Err(Refusal::new(Reason::StateMismatch, words))
        };
        if !self.client_id.is_empty() && self.client_id != agreed.client_id {
            return differs("oauth.api.key");
        }
        if !self.callback_url.is_empty() && self.callback_url != agreed.callback_url {
            return differs("oauth.callback.url");
        }
        if let (Some(given), Some(held)) = (&self.client_secret, &agreed.client_secret)
            && Digest::of(given.expose_secret()) != Digest::of(held.expose_secret())
        {
            return differs("oauth.api.secret");
        }
        if self.scope.as_ref().is_some_and(|scope| *scope != agreed.scope) {
            return differs("oauth.scope");
        }
        // What the caller leaves out it does not claim; what the login did not need may come now.
        let mut complete: BTreeMap<String, String> = agreed.kept.clone();
        complete.extend(agreed.parameters.clone());
        complete.extend(self.given.clone());
        let now = connector.resolve(&complete).map_err(from_parameter)?;
        let other = agreed
            .parameters
            .iter()
            .find(|(name, held)| now.get(name) != Some(held.as_str()));
        match other {
            Some((name, _)) => differs(name),
            None if agreed.token_url.is_none() => {
                connector.token_url(&now).map(|_| ()).map_err(from_parameter)
            }
            None => Ok(()),
        }
    }

    /// Adds what the handshake could not know: a secret or parameters that come with the claim.
    pub(crate) fn complete(&self, agreed: &mut AuthorizationRequest) {
        if agreed.client_secret.is_none() {
            agreed.client_secret.clone_from(&self.client_secret);
        }
        for (name, value) in &self.parameters {
            agreed
                .parameters
                .entry(name.clone())
                .or_insert_with(|| value.clone());
        }
    }

    /// All that a token request needs, on the caller's word alone.
    fn into_request(self, connector: &Connector) -> Result<AuthorizationRequest, Refusal> {
        let oauth2 = connector.oauth2().map_err(from_parameter)?;
        let parameters = self.parameters.clone().into_iter().collect();
        Ok(AuthorizationRequest {
            organization_id: self.organization,
            connector: self.connector,
            form: Form::OwnCallback,
            client_id: self.client_id,
            client_secret: self.client_secret,
            callback_url: self.callback_url,
            scope: self.scope.unwrap_or_else(|| oauth2.scope()),
            code_verifier: None,
            parameters: self.parameters,
            kept: BTreeMap::new(),
            token_url: Some(connector.token_url(&parameters).map_err(from_parameter)?),
            issuer: oauth2.issuer.clone(),
        })
    }
}
