//! `connectors try KEY`: a whole login from the terminal against the vendor, with the user's own keys.
//!
//! Broker, callback and ping are those that run in every Ferrule; what they remember lies in a folder that ends with the
//! command. No key, secret or token is printed.

mod brought;
mod findings;
mod login;
mod renewal;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use ferrule_catalog::{Auth, CLIENT_ID, Catalog, Connector};
use ferrule_model::{Chance, Clock};
use ferrule_oauth_broker::Broker;
use ferrule_oauth_broker::handshake::Store;
use ferrule_outbound::Outbound;
use ferrule_seal::KeyRing;
use ferrule_service::settings::{Layers, Source};
use ferrule_wire::v1::{Credential, Grant, Signing};
use ferrule_wire::{BrokerClient, Refusal, in_process};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{catalog, kind, outbound, print};
use brought::Brought;
use findings::Findings;

/// As long as a token request may take, and more.
const DEADLINE: Duration = Duration::from_mins(1);

/// Everything that a try needs.
struct Trial {
    connector: Arc<Connector>,
    catalog: Catalog,
    broker: BrokerClient,
    outbound: Outbound,
    clock: Clock,
    chance: Chance,
    public_url: String,
    _folder: TempDir,
}

/// Asks for what the connector needs, logs in, and says what came back, whether it works, and what the file should say.
///
/// # Errors
/// Something did not work; its reason was printed.
pub(super) async fn run(key: &str, layers: &Layers) -> anyhow::Result<()> {
    let (trial, listener) = Trial::begin(key, layers).await?;
    let connector = &trial.connector;
    print(&format!(
        "{} ({}), by {}. Nothing is stored; no key, secret or token is shown.",
        connector.name,
        connector.key,
        kind(connector)
    ));
    let mut findings = Findings::default();
    let brought = trial.ask().await?;
    let grant = match (&connector.auth, listener) {
        (_, Some(listener)) => trial.log_in(&brought, listener, &mut findings).await.map(Some),
        (Auth::ClientCredentials(_), None) => trial.as_app(&brought).await.map(Some),
        _ => Ok(None),
    };
    let grant = match grant {
        Ok(grant) => grant,
        Err(refusal) => {
            findings.failed("the login", &refusal, connector);
            return findings.end();
        }
    };
    if let Some(grant) = &grant {
        findings.grant(grant, connector, trial.clock.now());
    }
    trial.ping(&brought, grant.as_ref(), &mut findings).await;
    if let Some(grant) = grant.filter(|grant| !grant.refresh_token.is_empty()) {
        trial.renew(&brought, &grant, &mut findings).await;
    }
    findings.end()
}

impl Trial {
    /// The try, and where the browser comes back, if one leaves.
    async fn begin(key: &str, layers: &Layers) -> anyhow::Result<(Self, Option<TcpListener>)> {
        let catalog = catalog(layers)?;
        let Some(connector) = catalog.get(key).cloned() else {
            for problem in catalog.problems() {
                print(&problem.to_string());
            }
            bail!("no connector is called {key}: see `ferrule connectors list`");
        };
        let listener = if has_logins(&connector) {
            let address = layers.required("FERRULE_LISTEN", Layers::address)?;
            Some(ferrule_service::bind("FERRULE_LISTEN", address).await?)
        } else {
            None
        };
        let mut settings = ferrule_oauth_broker::Settings::from_layers(layers)?;
        if let Some(listener) = &listener
            && layers.source("FERRULE_PUBLIC_URL") == Some(&Source::Default)
        {
            settings.public_url = format!("http://localhost:{}", listener.local_addr()?.port());
        }
        let public_url = settings.public_url.clone();
        let (clock, chance) = (Clock::system(), Chance::system());
        let folder = TempDir::with_prefix("ferrule-try-").context("a folder for the login")?;
        let store = Store::embedded(folder.path(), clock.clone()).await?;
        let ring = KeyRing::parse(&KeyRing::generate(&chance, "try"))?;
        let ring = watch::Sender::new(Arc::new(ring)).subscribe();
        let broker = Broker::new(
            settings,
            catalog.clone(),
            store,
            ring,
            clock.clone(),
            chance.clone(),
        );
        let trial = Self {
            connector,
            broker: BrokerClient::new(in_process(broker.service(), DEADLINE)),
            catalog,
            outbound: outbound(layers)?,
            clock,
            chance,
            public_url,
            _folder: folder,
        };
        Ok((trial, listener))
    }

    fn callback(&self) -> String {
        format!("{}/oauth/callback/{}", self.public_url, self.connector.key)
    }

    async fn ask(&self) -> anyhow::Result<Brought> {
        if has_logins(&self.connector) {
            print(&format!(
                "\nRegister this callback in your app at the vendor (FERRULE_PUBLIC_URL and FERRULE_LISTEN change it):\n  {}\n",
                self.callback()
            ));
        }
        Brought::ask(&self.connector).await
    }

    /// The call that the file declares for it.
    async fn ping(&self, brought: &Brought, grant: Option<&Grant>, findings: &mut Findings) {
        let pinged = async {
            let credential = self.credential(brought, grant)?;
            ferrule_gateway::lone_ping(
                &self.outbound,
                &self.catalog,
                credential,
                &self.clock,
                &self.chance,
            )
            .await
        };
        match pinged.await {
            Ok(answer) => findings.ping(answer, &self.connector),
            Err(refusal) => findings.failed("the ping", &refusal, &self.connector),
        }
    }

    /// What a call through an instance would carry.
    fn credential(&self, brought: &Brought, grant: Option<&Grant>) -> Result<Credential, Refusal> {
        let mut parameters = match grant {
            Some(grant) => grant.parameters.clone(),
            None => brought.declared(&self.connector)?,
        };
        let api = self.connector.api.as_ref();
        if api.is_some_and(ferrule_catalog::Api::wants_client_id) {
            parameters.insert(CLIENT_ID.to_owned(), brought.client_id.clone());
        }
        let access_token = grant.map(|grant| grant.access_token.clone());
        let signing = grant.map(|grant| Signing {
            client_key: brought.client_id.clone(),
            client_secret: brought.client_secret.expose_secret().to_owned(),
            token_secret: grant.token_secret.clone(),
        });
        Ok(Credential {
            element_key: self.connector.key.to_string(),
            access_token: access_token.unwrap_or_default(),
            version: 1,
            parameters,
            api_key: brought.api_key.expose_secret().to_owned(),
            username: brought.username.clone(),
            password: brought.password.expose_secret().to_owned(),
            signing,
            ..Credential::default()
        })
    }
}

/// Whether its users log in at the vendor, in a browser.
fn has_logins(connector: &Connector) -> bool {
    matches!(connector.auth, Auth::OAuth2(_) | Auth::OAuth1(_))
}
