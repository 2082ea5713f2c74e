//! What issuers have said, for as long as it stands.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ferrule_catalog::{self as catalog, Connector, Discovered, Discovery};
use ferrule_model::ConnectorKey;
use ferrule_oauth::{ClientAuth, ServerMetadata};
use ferrule_wire::{Reason, Refusal};
use jiff::Timestamp;

use super::fetch::fetch;
use super::lifetime::lifetime;
use crate::state::Broker;

/// How long an issuer may take in each place while nothing is known of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long while an earlier answer of its can be used.
const PATIENCE_WITH_ANSWER: Duration = Duration::from_secs(2);

/// How long an issuer that gave no metadata is left alone.
const PAUSE: Duration = Duration::from_secs(10);

/// All of them, by connector. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discoveries(Arc<Mutex<HashMap<ConnectorKey, Arc<Issuer>>>>);

#[derive(Debug, Default)]
struct Issuer {
    /// Whose turn it is to ask.
    turn: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

/// What is known of an issuer.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The connector with its endpoints, as last said.
    complete: Option<Arc<Connector>>,
    /// Why the last question brought nothing.
    failure: Option<String>,
    /// The issuer is not asked before.
    until: Option<Timestamp>,
}

impl Discoveries {
    /// The connector with its issuer's endpoints. Of all who wait one asks; who can be served with an earlier answer
    /// does not wait for another's question.
    pub(crate) async fn complete(
        &self,
        broker: &Broker,
        connector: &Connector,
        discovery: &Discovery,
    ) -> Result<Arc<Connector>, Refusal> {
        let issuer = self.issuer(&connector.key);
        let known = issuer.known();
        if let Some(told) = known.told(broker.clock.now(), connector, discovery) {
            return told;
        }
        let _turn = match (&known.complete, issuer.turn.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(complete), Err(_)) => return Ok(Arc::clone(complete)),
            (None, Err(_)) => issuer.turn.lock().await,
        };
        // Whoever had the turn before may have brought it.
        let known = issuer.known();
        if let Some(told) = known.told(broker.clock.now(), connector, discovery) {
            return told;
        }
        let patience = match known.complete {
            Some(_) => PATIENCE_WITH_ANSWER,
            None => PATIENCE,
        };
        let (said, stands) = match ask(broker, connector, discovery, patience).await {
            Ok((complete, stands)) => (
                Known {
                    complete: Some(Arc::new(complete)),
                    ..Known::default()
                },
                stands,
            ),
            Err(why) => {
                let with_earlier = known.complete.is_some();
                tracing::warn!(event = "discovery_failed", element = %connector.key, issuer = discovery.issuer, why, with_earlier, "an issuer gave no metadata");
                let failure = Some(why);
                (Known { failure, ..known }, PAUSE)
            }
        };
        let now = broker.clock.now();
        let said = Known {
            until: Some(now + stands),
            ..said
        };
        issuer.set(said.clone());
        // The clock may have moved on by more than the pause: this answer is as new as it gets.
        said.answer(connector, discovery)
    }

    fn issuer(&self, key: &ConnectorKey) -> Arc<Issuer> {
        let mut issuers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(issuers.entry(key.clone()).or_default())
    }
}

impl Issuer {
    fn known(&self) -> Known {
        self.lock().clone()
    }

    fn set(&self, known: Known) {
        *self.lock() = known;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What stands now; `None`: the issuer is to be asked.
    fn told(
        &self,
        now: Timestamp,
        connector: &Connector,
        discovery: &Discovery,
    ) -> Option<Result<Arc<Connector>, Refusal>> {
        let stands = self.until.is_some_and(|until| now < until);
        stands.then(|| self.answer(connector, discovery))
    }

    fn answer(&self, connector: &Connector, discovery: &Discovery) -> Result<Arc<Connector>, Refusal> {
        if let Some(complete) = &self.complete {
            return Ok(Arc::clone(complete));
        }
        let why = self.failure.as_deref().unwrap_or("it was not asked");
        let words = format!(
            "{} leaves its addresses to {}, which does not tell them: {why}. Nothing was sent to the vendor; \
             repeat the call later.",
            connector.name, discovery.issuer
        );
        Err(Refusal::new(Reason::VendorUnreachable, words))
    }
}

/// One question; the words say why it brought nothing.
async fn ask(
    broker: &Broker,
    connector: &Connector,
    discovery: &Discovery,
    patience: Duration,
) -> Result<(Connector, Duration), String> {
    let published = fetch(&broker.outbound, &discovery.issuer, patience)
        .await
        .map_err(|error| error.to_string())?;
    let metadata = published.metadata.of(&discovery.issuer);
    let said = discovered(metadata.map_err(|error| error.to_string())?);
    let complete = connector
        .discovered(&said, broker.settings.allow_private_networks)
        .map_err(|whys| whys.join("; "))?;
    Ok((complete, lifetime(published.cache_control.as_deref())))
}

fn discovered(metadata: ServerMetadata) -> Discovered {
    Discovered {
        authorization_url: metadata.authorization_endpoint,
        token_url: metadata.token_endpoint,
        revocation_url: metadata.revocation_endpoint,
        pkce: if metadata.s256 {
            catalog::Pkce::S256
        } else {
            catalog::Pkce::Off
        },
        client_auth: metadata.client_auth.map(|auth| match auth {
            ClientAuth::Body => catalog::ClientAuth::Body,
            ClientAuth::Basic => catalog::ClientAuth::Basic,
            ClientAuth::SecretAsUser => catalog::ClientAuth::SecretAsUser,
        }),
        iss_required: metadata.iss,
    }
}
