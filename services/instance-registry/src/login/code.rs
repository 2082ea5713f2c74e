//! OAuth 2: the code of a user's login, or the handshake that has it (RFC 6749 section 4.1).

use ferrule_catalog::Connector;
use ferrule_model::{Digest, OrganizationId};
use ferrule_wire::{Refusal, v1};

use super::{Outcome, digest_of, lacking, refuse_without, without};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration};
use crate::exchange::exchange;
use crate::state::Registry;

/// What a code goes with.
const NEEDED: [&str; 2] = [API_KEY, CALLBACK_URL];

/// What a caller brings from the vendor.
pub(crate) struct Claim {
    proof: Proof,
    provider_data: v1::ProviderData,
    /// The connect session that claims; empty: none does.
    pub(super) connect_session: String,
}

enum Proof {
    /// The caller's own callback had the code.
    Code(String),
    /// Ferrule's callback had it; this is the handshake's state.
    Handshake(String),
}

impl Claim {
    /// The claim in what a caller sends; `None`: there is none.
    pub(crate) fn of(provider_data: v1::ProviderData) -> Option<Self> {
        let proof = Proof::of(&provider_data)?;
        Some(Self {
            proof,
            provider_data,
            connect_session: String::new(),
        })
    }

    /// Whether there is one.
    pub(crate) fn is_in(provider_data: &v1::ProviderData) -> bool {
        Proof::of(provider_data).is_some()
    }

    /// The claim of a new instance, which has to have one.
    pub(crate) fn required(
        provider_data: v1::ProviderData,
        configuration: &Configuration,
    ) -> Result<Self, Refusal> {
        let Some(claim) = Self::of(provider_data) else {
            let mut missing = lacking(configuration, &NEEDED);
            missing.push("providerData.code");
            return Err(without(&missing));
        };
        claim.check(configuration)?;
        Ok(claim)
    }

    pub(crate) fn is_handshake(&self) -> bool {
        matches!(self.proof, Proof::Handshake(_))
    }

    /// Refuses a code whose configuration lacks what the exchange needs, naming every missing entry.
    pub(crate) fn check(&self, configuration: &Configuration) -> Result<(), Refusal> {
        if self.is_handshake() {
            return Ok(());
        }
        refuse_without(&lacking(configuration, &NEEDED))
    }

    /// What names this exchange for ever. A handshake knows its client; a code is one only with its client.
    pub(crate) fn digest(
        &self,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
    ) -> Digest {
        let begin = |purpose| digest_of(purpose, organization, connector);
        match &self.proof {
            Proof::Code(code) => begin("code")
                .field(configuration.get(API_KEY).unwrap_or_default())
                .field(code)
                .finish(),
            Proof::Handshake(state) => begin("handshake").field(state).finish(),
        }
    }

    /// Exchanges at the broker, once.
    pub(crate) async fn exchange(
        self,
        registry: &Registry,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
        digest: Digest,
    ) -> Result<Outcome, Refusal> {
        let mut parameters = configuration.exposed();
        let mut take = |name| parameters.remove(name).unwrap_or_default();
        let (api_key, api_secret, callback_url) = (take(API_KEY), take(API_SECRET), take(CALLBACK_URL));
        let (handshake, code, state) = match self.proof {
            Proof::Handshake(handshake) => (handshake, String::new(), String::new()),
            Proof::Code(code) => (String::new(), code, self.provider_data.state),
        };
        let request = v1::ExchangeRequest {
            organization_id: organization.0,
            element: connector.key.to_string(),
            digest: digest.as_bytes().to_vec(),
            handshake,
            code,
            state,
            iss: self.provider_data.iss,
            api_key,
            api_secret,
            callback_url,
            parameters,
            callback_parameters: self.provider_data.other,
            connect_session: self.connect_session,
            ..v1::ExchangeRequest::default()
        };
        exchange(registry, connector, request).await
    }
}

impl Proof {
    /// The handshake, or without one the code, or without either the state: Ferrule's own.
    fn of(data: &v1::ProviderData) -> Option<Self> {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(handshake: &str, code: &str, state: &str) -> v1::ProviderData {
        v1::ProviderData {
            handshake: handshake.into(),
            code: code.into(),
            state: state.into(),
            ..v1::ProviderData::default()
        }
    }

    #[test]
    fn a_handshake_goes_before_a_code_and_a_lone_state_is_a_handshake() {
        for (handshake, code, state, want) in [
            ("h", "c", "s", Some("handshake h")),
            ("", "c", "s", Some("code c")),
            ("", "", "s", Some("handshake s")),
            ("", "", "", None),
        ] {
            let proof = Proof::of(&data(handshake, code, state)).map(|proof| match proof {
                Proof::Code(code) => format!("code {code}"),
                Proof::Handshake(state) => format!("handshake {state}"),
            });
            assert_eq!(proof.as_deref(), want);
        }
    }

    #[test]
    fn exactly_the_missing_entries_are_named() {
        let mut with_key = Configuration::default();
        with_key.clear.insert(API_KEY.into(), "id".into());
        let none = Configuration::default();
        for (data, configuration, want) in [
            (
                data("", "", ""),
                &none,
                Some("Missing: oauth.api.key, oauth.callback.url, providerData.code."),
            ),
            (
                data("", "c", ""),
                &none,
                Some("Missing: oauth.api.key, oauth.callback.url."),
            ),
            (data("", "c", ""), &with_key, Some("Missing: oauth.callback.url.")),
            (data("h", "", ""), &none, None),
        ] {
            let refusal = Claim::required(data, configuration).err();
            assert_eq!(refusal.map(|refusal| refusal.message).as_deref(), want);
        }
    }
}
