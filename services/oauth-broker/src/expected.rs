//! What a caller repeats when it brings a code, held against what its handshake holds.

use std::collections::BTreeMap;

use ferrule_catalog::Connector;
use ferrule_model::{ConnectorKey, Digest, OrganizationId};
use ferrule_wire::v1::ExchangeRequest;
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};

use crate::handshake::{AuthorizationRequest, Form};
use crate::refusals::{from_parameter, unknown_state};

/// What the caller says, to be held against what the handshake holds.
pub(crate) struct Expected {
    organization: OrganizationId,
    connector: ConnectorKey,
    /// The connect session that claims; empty: none does.
    connect_session: String,
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
    /// Reads it, and holds the declared parameters against their patterns.
    pub(crate) fn of(connector: &Connector, request: &ExchangeRequest) -> Result<Self, Refusal> {
        let given = request.parameters.clone();
        Ok(Self {
            organization: OrganizationId(request.organization_id),
            connector: connector.key.clone(),
            connect_session: request.connect_session.clone(),
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
        let is_theirs = agreed.organization_id == self.organization
            && agreed.connector == self.connector
            && agreed.connect_session() == self.connect_session;
        if !is_theirs {
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
        let mut declared = agreed.parameters.iter();
        let other = declared.find(|(name, held)| now.get(name) != Some(held.as_str()));
        let mut kept = agreed.kept.iter();
        let other = other.or_else(|| {
            kept.find(|(name, held)| {
                let given = self.given.get(*name).filter(|given| !given.is_empty());
                given.is_some_and(|given| given != *held)
            })
        });
        other.map_or(Ok(()), |(name, _)| differs(name))
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
    pub(crate) fn into_request(self, connector: &Connector) -> AuthorizationRequest {
        let oauth2 = connector.oauth2().ok();
        let scope = || oauth2.map(|oauth2| oauth2.tokens.scope()).unwrap_or_default();
        AuthorizationRequest {
            organization_id: self.organization,
            connector: self.connector,
            form: Form::OwnCallback,
            client_id: self.client_id,
            client_secret: self.client_secret,
            callback_url: self.callback_url,
            scope: self.scope.unwrap_or_else(scope),
            code_verifier: None,
            temporary: None,
            parameters: self.parameters,
            kept: BTreeMap::new(),
            token_url: None,
            issuer: oauth2.and_then(|oauth2| oauth2.issuer.clone()),
            iss_required: false,
        }
    }
}
