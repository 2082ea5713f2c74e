//! An exchange at the broker, and the tokens that come of it.

use std::time::Duration;

use ferrule_catalog::Connector;
use ferrule_model::{Digest, OrganizationId, TokenPair};
use ferrule_wire::v1::exchange_response::Outcome as Exchanged;
use ferrule_wire::{Refusal, v1, within};
use jiff::Timestamp;

use crate::app::{app_of, app_works};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration, TOKEN_SECRET};
use crate::instance_seal::InstanceSeal;
use crate::login::Outcome;
use crate::renewal::is_its_own_user;
use crate::schedule;
use crate::state::Registry;
use crate::store::SealedTokens;

/// What the broker has for one exchange (design, "Errors").
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(25);
const CONFIRM_DEADLINE: Duration = Duration::from_secs(2);

/// What a grant is, once it is here.
pub(crate) struct Granted {
    pub(crate) pair: TokenPair,
    pub(crate) requested_at: Timestamp,
    /// The client, the callback and the parameters that the tokens belong to.
    pub(crate) configuration: Configuration,
    /// The exchange under which the broker keeps a copy until the commit.
    pub(crate) kept_as: Option<Digest>,
}

impl Granted {
    /// The pair as it is stored.
    pub(crate) fn seal(
        &self,
        registry: &Registry,
        connector: &Connector,
        seal: &InstanceSeal<'_>,
    ) -> SealedTokens {
        let due_at = schedule::due(
            &self.pair,
            is_its_own_user(connector),
            self.requested_at,
            registry.refresh.idle,
            &registry.chance,
        );
        seal.seal_pair(&registry.chance, &self.pair, self.requested_at, due_at)
    }

    /// What follows the commit: the broker's copy goes, the pair will be due, and its app works.
    pub(crate) async fn committed(
        &self,
        registry: &Registry,
        organization: OrganizationId,
        connector: &Connector,
    ) {
        if let Some(exchange) = self.kept_as {
            confirm(registry, exchange).await;
        }
        app_works(
            registry,
            &app_of(organization, &connector.key, &self.configuration),
        )
        .await;
        // Told last: what a refresh then learns of the app is newer than this login.
        registry.due_changed.notify_one();
    }
}

/// Exchanges at the broker.
pub(crate) async fn exchange(
    registry: &Registry,
    connector: &Connector,
    request: v1::ExchangeRequest,
) -> Result<Outcome, Refusal> {
    let kept_as = Digest::from_bytes(&request.digest);
    let answer = registry
        .broker
        .clone()
        .exchange(within(EXCHANGE_DEADLINE, request))
        .await?
        .into_inner();
    match answer.outcome {
        Some(Exchanged::Grant(grant)) => {
            granted(connector, grant, kept_as).map(|granted| Outcome::Granted(Box::new(granted)))
        }
        Some(Exchanged::Confirmed(_)) => Ok(Outcome::Committed),
        None => Err(Refusal::internal("the broker's exchange had no outcome")),
    }
}

/// Tells the broker that the tokens are committed. A failure is told to the log alone: the broker then keeps its
/// sealed copy until its time is over.
async fn confirm(registry: &Registry, digest: Digest) {
    for attempt in 1..=2 {
        let request = v1::ConfirmRequest {
            digest: digest.as_bytes().to_vec(),
        };
        match registry
            .broker
            .clone()
            .confirm(within(CONFIRM_DEADLINE, request))
            .await
        {
            Ok(_) => return,
            Err(status) => {
                tracing::warn!(event = "confirm_failed", attempt, code = ?status.code(), "the broker was not told of a commit");
            }
        }
    }
}

fn granted(connector: &Connector, grant: v1::Grant, kept_as: Option<Digest>) -> Result<Granted, Refusal> {
    if grant.access_token.is_empty() {
        return Err(Refusal::internal("the broker's grant has no access token"));
    }
    let time = |micros| Timestamp::from_microsecond(micros).map_err(Refusal::internal);
    let mut configuration = Configuration::default();
    let client = [
        (API_KEY, grant.api_key),
        (API_SECRET, grant.api_secret),
        (CALLBACK_URL, grant.callback_url),
        (TOKEN_SECRET, grant.token_secret),
    ];
    let client = client.map(|(name, value)| (name.to_owned(), value));
    for (name, value) in client.into_iter().chain(grant.parameters) {
        if !value.is_empty() {
            configuration.insert(connector, name, value);
        }
    }
    Ok(Granted {
        pair: TokenPair {
            access_token: grant.access_token.into(),
            refresh_token: Some(grant.refresh_token)
                .filter(|token| !token.is_empty())
                .map(Into::into),
            expires_at: grant.expires_at.map(time).transpose()?,
            scope: grant.scope,
        },
        requested_at: time(grant.requested_at)?,
        configuration,
        kept_as,
    })
}
