//! OAuth 1.0a: the verifier of a user's login with its temporary credentials, or the handshake that has both
//! (RFC 5849 section 2).

use ferrule_catalog::Connector;
use ferrule_model::{Digest, OrganizationId};
use ferrule_wire::{Refusal, v1};

use super::{Outcome, digest_of, lacking, refuse_without, without};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration, TOKEN_SECRET};
use crate::exchange::exchange;
use crate::state::Registry;

/// Entries of the contract's providerData.
const TOKEN: &str = "oauth_token";
const VERIFIER: &str = "oauth_verifier";
const SECRET: &str = "secret";
/// The vendor's no, which the broker puts into words.
const DENIALS: [&str; 2] = ["denied", "oauth_problem"];

/// What a caller brings from the vendor.
pub(crate) struct Verified {
    proof: Proof,
    provider_data: v1::ProviderData,
    /// The connect session that claims; empty: none does.
    pub(super) connect_session: String,
}

enum Proof {
    /// The caller's own callback had the verifier; the caller has kept the temporary token's secret.
    Verifier {
        token: String,
        secret: String,
        verifier: String,
    },
    /// Ferrule's callback had it; this is the handshake's state.
    Handshake(String),
}

impl Verified {
    fn new(proof: Proof, provider_data: v1::ProviderData) -> Self {
        Self {
            proof,
            provider_data,
            connect_session: String::new(),
        }
    }

    /// Whether there is one.
    pub(crate) fn is_in(provider_data: &v1::ProviderData) -> bool {
        let brings = |name: &&str| provider_data.other.contains_key(*name);
        [VERIFIER].iter().chain(&DENIALS).any(brings)
    }

    /// The handshake, or without one the verifier, or without either the state: Ferrule's own. Refuses a verifier
    /// that lacks its token or its secret.
    pub(crate) fn required(mut provider_data: v1::ProviderData) -> Result<Self, Refusal> {
        let lone_state = !provider_data.state.is_empty() && !Self::is_in(&provider_data);
        if !provider_data.handshake.is_empty() || lone_state {
            let state = match std::mem::take(&mut provider_data.handshake) {
                none if none.is_empty() => provider_data.state.clone(),
                handshake => handshake,
            };
            let proof = Proof::Handshake(state);
            return Ok(Self::new(proof, provider_data));
        }
        let denied = DENIALS.iter().any(|name| provider_data.other.contains_key(*name));
        let mut missing = Vec::new();
        let mut take = |name| {
            let value = provider_data.other.remove(name).unwrap_or_default();
            if value.is_empty() && !denied {
                missing.push(format!("providerData.{name}"));
            }
            value
        };
        let proof = Proof::Verifier {
            token: take(TOKEN),
            verifier: take(VERIFIER),
            secret: take(SECRET),
        };
        if missing.is_empty() {
            Ok(Self::new(proof, provider_data))
        } else {
            Err(without(&missing))
        }
    }

    pub(crate) fn is_handshake(&self) -> bool {
        matches!(self.proof, Proof::Handshake(_))
    }

    /// Refuses a verifier whose configuration lacks the app that signs, naming every missing entry.
    pub(crate) fn check(&self, configuration: &Configuration) -> Result<(), Refusal> {
        if self.is_handshake() {
            return Ok(());
        }
        refuse_without(&lacking(configuration, &[API_KEY, API_SECRET]))
    }

    /// What names this exchange for ever.
    pub(crate) fn digest(
        &self,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
    ) -> Digest {
        let begin = |purpose| digest_of(purpose, organization, connector);
        match &self.proof {
            Proof::Verifier { token, verifier, .. } => begin("verifier")
                .field(configuration.get(API_KEY).unwrap_or_default())
                .field(token)
                .field(verifier)
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
        parameters.remove(TOKEN_SECRET);
        let mut take = |name| parameters.remove(name).unwrap_or_default();
        let request = v1::ExchangeRequest {
            organization_id: organization.0,
            element: connector.key.to_string(),
            digest: digest.as_bytes().to_vec(),
            api_key: take(API_KEY),
            api_secret: take(API_SECRET),
            callback_url: take(CALLBACK_URL),
            callback_parameters: self.provider_data.other,
            connect_session: self.connect_session,
            ..v1::ExchangeRequest::default()
        };
        let request = v1::ExchangeRequest {
            parameters,
            ..request
        };
        let request = match self.proof {
            Proof::Handshake(handshake) => v1::ExchangeRequest { handshake, ..request },
            Proof::Verifier {
                token,
                secret,
                verifier,
            } => v1::ExchangeRequest {
                code: verifier,
                request_token: token,
                request_token_secret: secret,
                ..request
            },
        };
        exchange(registry, connector, request).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(handshake: &str, state: &str, other: &[&str]) -> v1::ProviderData {
        v1::ProviderData {
            handshake: handshake.into(),
            state: state.into(),
            other: other
                .iter()
                .map(|name| ((*name).to_owned(), format!("the-{name}")))
                .collect(),
            ..v1::ProviderData::default()
        }
    }

    #[test]
    fn a_handshake_goes_before_a_verifier_and_a_lone_state_is_a_handshake() {
        let all = &[TOKEN, VERIFIER, SECRET, "realmId"][..];
        for (data, want) in [
            (data("h", "s", all), "handshake h"),
            (
                data("", "s", all),
                "verifier the-oauth_verifier of the-oauth_token, the-secret",
            ),
            (data("", "s", &["realmId"]), "handshake s"),
            (data("", "", &["denied"]), "verifier  of , "),
        ] {
            let verified = Verified::required(data)
                .map_err(|refusal| refusal.message)
                .unwrap();
            let proof = match verified.proof {
                Proof::Handshake(state) => format!("handshake {state}"),
                Proof::Verifier {
                    token,
                    secret,
                    verifier,
                } => format!("verifier {verifier} of {token}, {secret}"),
            };
            assert_eq!(proof, want);
            assert!(!verified.provider_data.other.contains_key(SECRET) || want.starts_with('h'));
        }
    }

    #[test]
    fn exactly_the_missing_entries_are_named() {
        for (other, want) in [
            (
                &[][..],
                "Missing: providerData.oauth_token, providerData.oauth_verifier, providerData.secret.",
            ),
            (&[VERIFIER, TOKEN], "Missing: providerData.secret."),
        ] {
            let refusal = Verified::required(data("", "", other)).err();
            assert_eq!(refusal.unwrap().message, want);
        }
        let verified = |data| {
            Verified::required(data)
                .map_err(|refusal| refusal.message)
                .unwrap()
        };
        let none = Configuration::default();
        let refusal = verified(data("", "", &[TOKEN, VERIFIER, SECRET])).check(&none);
        assert_eq!(
            refusal.unwrap_err().message,
            "Missing: oauth.api.key, oauth.api.secret."
        );
        assert!(verified(data("h", "", &[])).check(&none).is_ok());
    }
}
