//! How tests refresh, and look into the journal.

use std::time::Duration;

use ferrule_testkit::wait_until;
use ferrule_wire::v1::refresh_response::Outcome;
use ferrule_wire::v1::{ConfirmRefreshRequest, Grant, ReadJournalRequest, RefreshRequest, Verdict};
use ferrule_wire::{BrokerClient, Refusal};

use crate::requests::{API_KEY, API_SECRET, CALLBACK_URL, INSTANCE, ORGANIZATION};
use crate::world::{World, blocking};

const KEPT_WITHIN: Duration = Duration::from_secs(20);

/// A refresh token, the first pair's of an instance.
pub fn spend(element: &str, refresh_token: &str) -> RefreshRequest {
    RefreshRequest {
        organization_id: ORGANIZATION,
        instance_id: INSTANCE,
        version: 1,
        element: element.to_owned(),
        api_key: API_KEY.to_owned(),
        api_secret: API_SECRET.to_owned(),
        refresh_token: refresh_token.to_owned(),
        scope: "read".to_owned(),
        callback_url: CALLBACK_URL.to_owned(),
        ..RefreshRequest::default()
    }
}

/// The same of a later pair.
pub fn spend_version(version: i64, element: &str, refresh_token: &str) -> RefreshRequest {
    RefreshRequest {
        version,
        ..spend(element, refresh_token)
    }
}

impl World {
    /// The new pair that a refresh brings.
    pub async fn refreshed(&self, request: RefreshRequest) -> Grant {
        pair(refresh(self.client(), request).await)
    }

    /// Why a refresh brings none.
    pub async fn verdict(&self, request: RefreshRequest) -> Verdict {
        verdict(refresh(self.client(), request).await)
    }

    /// What waits of the refresh that this would be.
    pub async fn waiting(&self, request: &RefreshRequest) -> Result<Option<Grant>, Refusal> {
        read_journal(self.client(), request).await
    }

    pub async fn confirm_refresh(&self, request: &RefreshRequest) -> Result<(), Refusal> {
        let request = ConfirmRefreshRequest {
            instance_id: request.instance_id,
            version: request.version,
        };
        self.client().confirm_refresh(request).await?;
        Ok(())
    }

    /// Whether the store itself holds an answer to this.
    pub fn keeps(&self, request: &RefreshRequest) -> bool {
        let key = format!("refresh:{}:{}", request.instance_id, request.version);
        String::from_utf8_lossy(&self.dump()).contains(&key)
    }

    /// Waits until it does.
    pub fn wait_until_kept(&self, request: &RefreshRequest) {
        blocking(|| wait_until("the answer is kept", KEPT_WITHIN, || self.keeps(request)));
    }
}

pub async fn refresh(mut client: BrokerClient, request: RefreshRequest) -> Result<Outcome, Refusal> {
    Ok(client.refresh(request).await?.into_inner().outcome.unwrap())
}

pub async fn read_journal(
    mut client: BrokerClient,
    request: &RefreshRequest,
) -> Result<Option<Grant>, Refusal> {
    let request = ReadJournalRequest {
        instance_id: request.instance_id,
        version: request.version,
    };
    Ok(client.read_journal(request).await?.into_inner().grant)
}

pub fn pair(outcome: Result<Outcome, Refusal>) -> Grant {
    match outcome {
        Ok(Outcome::Grant(grant)) => grant,
        Ok(Outcome::Verdict(verdict)) => panic!("no pair: {verdict:?}"),
        Err(refusal) => panic!("no pair: {refusal}"),
    }
}

pub fn verdict(outcome: Result<Outcome, Refusal>) -> Verdict {
    match outcome {
        Ok(Outcome::Verdict(verdict)) => verdict,
        other => panic!("no verdict: {other:?}"),
    }
}
