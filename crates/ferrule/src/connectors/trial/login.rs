//! From keys to tokens: by a user in a browser, or by the app alone.

use std::collections::BTreeMap;

use ferrule_model::Digest;
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::v1::{AuthorizeRequest, ExchangeRequest, Grant};
use ferrule_wire::{Reason, Refusal};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;

use super::Trial;
use super::brought::Brought;
use super::findings::Findings;
use super::waiting::{Came, wait};
use crate::connectors::print;

/// The only organization that there is.
pub(super) const ORGANIZATION: i64 = 1;

impl Trial {
    /// Prints the login URL, waits for the browser, and turns what it brings into tokens.
    pub(super) async fn log_in(
        &self,
        brought: &Brought,
        listener: TcpListener,
        findings: &mut Findings,
    ) -> Result<Grant, Refusal> {
        let request = AuthorizeRequest {
            element: self.connector.key.to_string(),
            organization_id: Some(ORGANIZATION),
            api_key: brought.client_id.clone(),
            api_secret: brought.client_secret.expose_secret().to_owned(),
            scope: brought.scope.clone(),
            parameters: brought.parameters.clone(),
            ..AuthorizeRequest::default()
        };
        let begun = self.broker.clone().authorize(request).await?.into_inner();
        let handshake = begun.state.unwrap_or_default();
        print(&format!(
            "\nLog in here, in a browser that reaches {}:\n\n  {}\n\nWaiting for it to come back; Ctrl-C ends this. If the \
             vendor shows an error instead of a login, it is about the key, the callback or the scopes.",
            self.public_url, begun.oauth_url
        ));
        match wait(self.broker.clone(), listener).await? {
            Came::Denied(words) => {
                let refusal = Refusal::new(Reason::UserDenied, "The vendor sent the browser back with a no.");
                return Err(refusal.with_provider_message(words));
            }
            Came::Back { iss } => findings.came_back(iss.as_deref(), &self.connector),
        }
        self.exchange(ExchangeRequest {
            organization_id: ORGANIZATION,
            element: self.connector.key.to_string(),
            digest: Digest::of(&handshake).as_bytes().to_vec(),
            handshake,
            parameters: brought.parameters.clone(),
            ..ExchangeRequest::default()
        })
        .await
    }

    /// The app is its own user.
    pub(super) async fn as_app(&self, brought: &Brought) -> Result<Grant, Refusal> {
        self.exchange(ExchangeRequest {
            organization_id: ORGANIZATION,
            element: self.connector.key.to_string(),
            digest: Digest::of("an app of its own").as_bytes().to_vec(),
            api_key: brought.client_id.clone(),
            api_secret: brought.client_secret.expose_secret().to_owned(),
            parameters: with_scope(brought),
            ..ExchangeRequest::default()
        })
        .await
    }

    async fn exchange(&self, request: ExchangeRequest) -> Result<Grant, Refusal> {
        let answer = self.broker.clone().exchange(request).await?.into_inner();
        match answer.outcome {
            Some(Outcome::Grant(grant)) => Ok(grant),
            _ => Err(Refusal::internal("an exchange ended without tokens")),
        }
    }
}

/// The parameters, and the scope as an instance's configuration has it.
pub(super) fn with_scope(brought: &Brought) -> BTreeMap<String, String> {
    let mut parameters = brought.parameters.clone();
    parameters.insert("oauth.scope".to_owned(), brought.scope.clone());
    parameters
}
