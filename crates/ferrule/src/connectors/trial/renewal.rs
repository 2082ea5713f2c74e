//! One refresh, as every instance has it.

use ferrule_wire::v1::refresh_response::Outcome;
use ferrule_wire::v1::{Grant, RefreshRequest};
use ferrule_wire::{Reason, Refusal};
use secrecy::ExposeSecret as _;

use super::Trial;
use super::brought::Brought;
use super::findings::Findings;
use super::login::ORGANIZATION;

impl Trial {
    /// Spends the refresh token, and pings with what comes of it.
    pub(super) async fn renew(&self, brought: &Brought, grant: &Grant, findings: &mut Findings) {
        let request = RefreshRequest {
            organization_id: ORGANIZATION,
            instance_id: 1,
            version: 1,
            element: self.connector.key.to_string(),
            api_key: brought.client_id.clone(),
            api_secret: brought.client_secret.expose_secret().to_owned(),
            refresh_token: grant.refresh_token.clone(),
            scope: grant.scope.clone(),
            callback_url: self.callback(),
            parameters: grant.parameters.clone(),
        };
        let answer = self.broker.clone().refresh(request).await;
        match answer.map(|answer| answer.into_inner().outcome) {
            Ok(Some(Outcome::Grant(next))) => {
                findings.renewed(grant, &next, &self.connector);
                self.ping(brought, Some(&next), findings).await;
            }
            Ok(Some(Outcome::Verdict(verdict))) => {
                let words = format!("No new tokens came ({}).", verdict.kind().as_str_name());
                let refusal = Refusal::new(Reason::VendorRejected, words);
                let refusal = refusal.with_provider_message(verdict.provider_message);
                findings.failed("the refresh", &refusal, &self.connector);
            }
            Ok(None) => {
                let refusal = Refusal::internal("a refresh ended without a word");
                findings.failed("the refresh", &refusal, &self.connector);
            }
            Err(status) => findings.failed("the refresh", &status.into(), &self.connector),
        }
    }
}
