//! A code or a handshake becomes tokens at the broker, once.

use std::time::Duration;

use ferrule_catalog::Connector;
use ferrule_model::{Digest, OrganizationId, TokenPair};
use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::{Refusal, v1, within};
use jiff::Timestamp;

use crate::app::{app_of, app_works};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration};
use crate::errors::invalid;
use crate::instance_seal::InstanceSeal;
use crate::schedule;
use crate::state::Registry;
use crate::store::SealedTokens;

/// What the broker has for one exchange (design, "Errors").
const EXCHANGE_DEADLINE: Duration = Duration::from_secs(25);
const CONFIRM_DEADLINE: Duration = Duration::from_secs(2);

/// What a caller brings from the vendor.
pub(crate) enum Claim {
    /// The caller's own callback had the code.
    Code(String),
    /// Ferrule's callback had it; this is the handshake's state.
    Handshake(String),
}

/// What a grant is, once it is here.
pub(crate) struct Granted {
    pub(crate) pair: TokenPair,
    pub(crate) requested_at: Timestamp,
    /// The client, the callback and the parameters that the tokens belong to.
    pub(crate) configuration: Configuration,
}

impl Granted {
    /// The pair as it is stored.
    pub(crate) fn seal(&self, registry: &Registry, seal: &InstanceSeal<'_>) -> SealedTokens {
        let due_at = schedule::due(
            &self.pair,
            self.requested_at,
            registry.refresh.idle,
            &registry.chance,
        );
        seal.seal_pair(&registry.chance, &self.pair, self.requested_at, due_at)
    }

    /// What follows the commit: the pair will be due, and its app works.
    pub(crate) async fn committed(
        &self,
        registry: &Registry,
        organization: OrganizationId,
        connector: &Connector,
    ) {
        registry.due_changed.notify_one();
        app_works(
            registry,
            &app_of(organization, &connector.key, &self.configuration),
        )
        .await;
    }
}

impl Claim {
    /// The handshake, or without one the code, or without either the state: Ferrule's own.
    pub(crate) fn of(provider_data: Option<&v1::ProviderData>) -> Option<Self> {
        let data = provider_data?;
        if !data.handshake.is_empty() {
            Some(Self::Handshake(data.handshake.clone()))
        } else if !data.code.is_empty() {
            Some(Self::Code(data.code.clone()))
        } else if !data.state.is_empty() {
            Some(Self::Handshake(data.state.clone()))
        } else {
            None
        }
    }

    /// What names this exchange for ever. A handshake knows its client; a code is one only with its client.
    pub(crate) fn digest(
        &self,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
    ) -> Digest {
        let begin = |purpose| {
            Digest::builder(purpose)
                .field(organization.0.to_be_bytes())
                .field(connector.key.as_str())
        };
        match self {
            Self::Code(code) => begin("code")
                .field(configuration.get(API_KEY).unwrap_or_default())
                .field(code)
                .finish(),
            Self::Handshake(state) => begin("handshake").field(state).finish(),
        }
    }

    /// Refuses a claim whose configuration lacks what the exchange needs, naming every missing entry.
    pub(crate) fn check(claim: Option<&Self>, configuration: &Configuration) -> Result<(), Refusal> {
        if matches!(claim, Some(Self::Handshake(_))) {
            return Ok(());
        }
        let mut missing: Vec<&str> = [API_KEY, CALLBACK_URL]
            .into_iter()
            .filter(|name| configuration.get(name).is_none())
            .collect();
        if claim.is_none() {
            missing.push("providerData.code");
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(invalid(format!("Missing: {}.", missing.join(", "))))
    }
}

/// Exchanges at the broker. `None`: it was exchanged and confirmed before, so that the row has the outcome.
pub(crate) async fn exchange(
    registry: &Registry,
    organization: OrganizationId,
    connector: &Connector,
    claim: &Claim,
    digest: Digest,
    configuration: &Configuration,
    provider_data: v1::ProviderData,
) -> Result<Option<Granted>, Refusal> {
    let mut parameters = configuration.exposed();
    let mut take = |name| parameters.remove(name).unwrap_or_default();
    let (api_key, api_secret, callback_url) = (take(API_KEY), take(API_SECRET), take(CALLBACK_URL));
    let (handshake, code, state) = match claim {
        Claim::Handshake(handshake) => (handshake.clone(), String::new(), String::new()),
        Claim::Code(code) => (String::new(), code.clone(), provider_data.state),
    };
    let request = v1::ExchangeRequest {
        organization_id: organization.0,
        element: connector.key.to_string(),
        digest: digest.as_bytes().to_vec(),
        handshake,
        code,
        state,
        iss: provider_data.iss,
        api_key,
        api_secret,
        callback_url,
        parameters,
        callback_parameters: provider_data.other,
    };
    let answer = registry
        .broker
        .clone()
        .exchange(within(EXCHANGE_DEADLINE, request))
        .await?
        .into_inner();
    match answer.outcome {
        Some(Outcome::Grant(grant)) => granted(connector, grant).map(Some),
        Some(Outcome::Confirmed(_)) => Ok(None),
        None => Err(Refusal::internal("the broker's exchange had no outcome")),
    }
}

/// Tells the broker that the tokens are committed. A failure is told to the log alone: the broker then keeps its
/// sealed copy until its time is over.
pub(crate) async fn confirm(registry: &Registry, digest: Digest) {
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

fn granted(connector: &Connector, grant: v1::Grant) -> Result<Granted, Refusal> {
    if grant.access_token.is_empty() {
        return Err(Refusal::internal("the broker's grant has no access token"));
    }
    let time = |micros| Timestamp::from_microsecond(micros).map_err(Refusal::internal);
    let mut configuration = Configuration::default();
    let client = [
        (API_KEY, grant.api_key),
        (API_SECRET, grant.api_secret),
        (CALLBACK_URL, grant.callback_url),
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_goes_before_a_code_and_a_lone_state_is_a_handshake() {
        for (handshake, code, state, want) in [
            ("h", "c", "s", Some("handshake h")),
            ("", "c", "s", Some("code c")),
            ("", "", "s", Some("handshake s")),
            ("", "", "", None),
        ] {
            let data = v1::ProviderData {
                handshake: handshake.into(),
                code: code.into(),
                state: state.into(),
                ..v1::ProviderData::default()
            };
            let claim = Claim::of(Some(&data)).map(|claim| match claim {
                Claim::Code(code) => format!("code {code}"),
                Claim::Handshake(state) => format!("handshake {state}"),
            });
            assert_eq!(claim.as_deref(), want);
        }
    }

    #[test]
    fn exactly_the_missing_entries_are_named() {
        let code = Claim::Code("c".into());
        let handshake = Claim::Handshake("h".into());
        let mut with_key = Configuration::default();
        with_key.clear.insert(API_KEY.into(), "id".into());
        let none = Configuration::default();
        for (claim, configuration, want) in [
            (
                None,
                &none,
                Some("Missing: oauth.api.key, oauth.callback.url, providerData.code."),
            ),
            (
                Some(&code),
                &none,
                Some("Missing: oauth.api.key, oauth.callback.url."),
            ),
            (Some(&code), &with_key, Some("Missing: oauth.callback.url.")),
            (Some(&handshake), &none, None),
        ] {
            let words = Claim::check(claim, configuration)
                .err()
                .map(|refusal| refusal.message);
            assert_eq!(words.as_deref(), want);
        }
    }
}
