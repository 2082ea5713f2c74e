//! How an instance gets its credential: one way for each kind of connector, each in a file of its own.
//!
//! Another kind is another variant here, and a file beside the others; whoever makes and changes instances knows
//! the variants by their answers alone.

mod app;
mod code;
mod external;
pub(crate) mod kept;
mod verifier;

use std::borrow::Borrow;

use ferrule_catalog::{Auth, Connector, ParameterError};
use ferrule_model::{Digest, DigestBuilder, OrganizationId};
use ferrule_wire::{Refusal, v1};

use crate::configuration::Configuration;
use crate::errors::invalid;
use crate::exchange::Granted;
use crate::re_address::merged;
use crate::state::Registry;
use code::Claim;
use external::External;
use verifier::Verified;

/// A login that a call asks for, with what the caller brought for it.
pub(crate) enum Login {
    /// OAuth 2: the code of a user's login, or the handshake that has it.
    Code(Claim),
    /// OAuth 1.0a: the verifier of a user's login, or the handshake that has it.
    Verifier(Verified),
    /// OAuth 2 and 1.0a: the tokens of a login that the caller did itself.
    External(External),
    /// OAuth 2: the app's own key and secret.
    App,
    /// None: what the configuration holds is the credential.
    Kept,
}

/// What came of a login.
pub(crate) enum Outcome {
    /// Tokens.
    Granted(Box<Granted>),
    /// No tokens: the configuration holds all there is.
    Kept,
    /// Tokens that a call before has committed: the row has them.
    Committed,
}

impl Login {
    /// The login of a new instance. Refuses what lacks something, naming every missing entry, before anything is
    /// spent. `external`: the caller did it itself; its tokens are taken out of the configuration.
    pub(crate) fn first(
        connector: &Connector,
        external: bool,
        configuration: &mut Configuration,
        provider_data: v1::ProviderData,
    ) -> Result<Self, Refusal> {
        match &connector.auth {
            _ if external => Self::external(connector, configuration),
            Auth::OAuth2(_) => Claim::required(provider_data, configuration).map(Self::Code),
            Auth::OAuth1(_) => Verified::required(provider_data).map(Self::Verifier),
            Auth::ClientCredentials(_) => {
                app::check(connector, configuration)?;
                Ok(Self::App)
            }
            Auth::ApiKey(_) | Auth::Basic(_) | Auth::None => {
                kept::check(connector, configuration)?;
                Ok(Self::Kept)
            }
        }
    }

    /// The same login as a connect session's, which alone may claim the handshakes that began with it.
    #[must_use]
    pub(crate) fn of_connect(mut self, session: &str) -> Self {
        match &mut self {
            Self::Code(claim) => session.clone_into(&mut claim.connect_session),
            Self::Verifier(verified) => session.clone_into(&mut verified.connect_session),
            Self::External(_) | Self::App | Self::Kept => {}
        }
        self
    }

    /// Whether a call brings something to log in by.
    pub(crate) fn is_brought(provider_data: &v1::ProviderData) -> bool {
        Claim::is_in(provider_data) || Verified::is_in(provider_data)
    }

    /// Whether the first login of an instance goes with an app that the caller has to name, or has stored. A handshake
    /// knows its own.
    pub(crate) fn goes_with_app(
        connector: &Connector,
        external: bool,
        provider_data: &v1::ProviderData,
    ) -> bool {
        match &connector.auth {
            Auth::OAuth2(_) => {
                external || Claim::of(provider_data.clone()).is_none_or(|claim| !claim.is_handshake())
            }
            Auth::OAuth1(_) => {
                external || Verified::is_in(provider_data) && provider_data.handshake.is_empty()
            }
            Auth::ClientCredentials(_) => true,
            Auth::ApiKey(_) | Auth::Basic(_) | Auth::None => false,
        }
    }

    /// The login of an instance that there is; `None`: its credential stays, or is changed with its configuration.
    /// Tokens that the caller brings are taken out of what is `given`.
    pub(crate) fn again(
        connector: &Connector,
        external: bool,
        stored: &Configuration,
        given: &mut Configuration,
        provider_data: v1::ProviderData,
    ) -> Result<Option<Self>, Refusal> {
        match &connector.auth {
            _ if external => Self::external(connector, given).map(Some),
            Auth::ClientCredentials(_) if !Self::is_brought(&provider_data) => {
                let changed = merged(connector, stored, given)?;
                let another = app::is_another(connector, stored, &changed)?;
                Ok(another.then_some(Self::App))
            }
            _ if !Self::is_brought(&provider_data) => Ok(None),
            Auth::OAuth2(_) => Ok(Claim::of(provider_data).map(Self::Code)),
            Auth::OAuth1(_) => {
                Verified::required(provider_data).map(|verified| Some(Self::Verifier(verified)))
            }
            _ => Err(invalid(format!(
                "Connector '{}' takes no code: leave providerData out.",
                connector.key
            ))),
        }
    }

    fn external(connector: &Connector, given: &mut Configuration) -> Result<Self, Refusal> {
        match &connector.auth {
            Auth::OAuth2(_) | Auth::OAuth1(_) => Ok(Self::External(External::take(given))),
            _ => Err(invalid(format!(
                "Connector '{}' has no login that could be done elsewhere: leave externalAuthentication out.",
                connector.key
            ))),
        }
    }

    /// What the login goes with: all that the instance will have, or only what the call itself gives.
    pub(crate) fn configuration<'c>(
        &self,
        all: &'c Configuration,
        given: &'c Configuration,
    ) -> &'c Configuration {
        match self {
            // A handshake knows its client and parameters.
            Self::Code(claim) if claim.is_handshake() => given,
            Self::Verifier(verified) if verified.is_handshake() => given,
            _ => all,
        }
    }

    /// What names what this login spends, for ever; `None`: it spends nothing. Refuses what lacks something.
    pub(crate) fn spends(
        &self,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
    ) -> Result<Option<Digest>, Refusal> {
        match self {
            Self::Code(claim) => {
                claim.check(configuration)?;
                Ok(Some(claim.digest(organization, connector, configuration)))
            }
            Self::Verifier(verified) => {
                verified.check(configuration)?;
                Ok(Some(verified.digest(organization, connector, configuration)))
            }
            Self::External(external) => {
                external.check(connector, configuration)?;
                Ok(Some(external.digest(organization, connector, configuration)))
            }
            Self::App => app::check(connector, configuration).map(|()| None),
            Self::Kept => Ok(None),
        }
    }

    /// Logs in. `spent` is what [`Login::spends`] said.
    pub(crate) async fn run(
        self,
        registry: &Registry,
        organization: OrganizationId,
        connector: &Connector,
        configuration: &Configuration,
        spent: Option<Digest>,
    ) -> Result<Outcome, Refusal> {
        match (self, spent) {
            (Self::Code(claim), Some(digest)) => {
                claim
                    .exchange(registry, organization, connector, configuration, digest)
                    .await
            }
            (Self::Verifier(verified), Some(digest)) => {
                verified
                    .exchange(registry, organization, connector, configuration, digest)
                    .await
            }
            (Self::External(external), Some(digest)) => {
                external
                    .take_over(registry, organization, connector, configuration, digest)
                    .await
            }
            (Self::Code(_) | Self::Verifier(_) | Self::External(_), None) => {
                Err(Refusal::internal("what is spent goes without its digest"))
            }
            (Self::App, _) => app::ask(registry, organization, connector, configuration).await,
            (Self::Kept, _) => Ok(Outcome::Kept),
        }
    }
}

/// Begins the name of what a login spends: nobody else's, and no other connector's, is called the same.
fn digest_of(purpose: &str, organization: OrganizationId, connector: &Connector) -> DigestBuilder {
    Digest::builder(purpose)
        .field(organization.0.to_be_bytes())
        .field(connector.key.as_str())
}

/// The entries that a configuration lacks.
fn lacking<'e>(configuration: &Configuration, entries: &[&'e str]) -> Vec<&'e str> {
    let lacks = |entry: &&str| configuration.get(entry).is_none();
    entries.iter().copied().filter(lacks).collect()
}

/// Refuses where anything is missing, naming it all.
fn refuse_without(missing: &[&str]) -> Result<(), Refusal> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(without(missing))
}

fn without<S: Borrow<str>>(missing: &[S]) -> Refusal {
    invalid(format!("Missing: {}.", missing.join(", ")))
}

/// Refuses a configuration with which the vendor's token endpoint cannot be found.
fn check_address(connector: &Connector, configuration: &Configuration) -> Result<(), Refusal> {
    let address = connector
        .resolve(&configuration.exposed())
        .and_then(|values| connector.token_url(&values));
    match address {
        // Its issuer knows the address, and the broker asks it.
        Ok(_) | Err(ParameterError::Undiscovered) => Ok(()),
        Err(error) => Err(invalid(format!("{error}."))),
    }
}
