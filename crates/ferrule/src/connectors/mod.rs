//! `ferrule connectors …`: what an operator asks of the catalogue.

mod check;
mod discover;
mod kinds;
mod list;
mod new;
mod question;
mod show;
mod trial;

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use ferrule_catalog::{Auth, Catalog, Connector, JSON_SCHEMA, LoadOptions};
use ferrule_outbound::Outbound;
use ferrule_service::settings::Layers;
use http::HeaderValue;

pub(crate) const CHECK: &str = "connectors check";
pub(crate) const LIST: &str = "connectors list";
pub(crate) const NEW: &str = "connectors new";
pub(crate) const NEW_OF_ISSUER: &str = "connectors new --issuer";
pub(crate) const SCHEMA: &str = "connectors schema";
pub(crate) const SHOW: &str = "connectors show";
pub(crate) const TRY: &str = "connectors try";

/// Does what these words ask for.
pub(crate) async fn run(words: &str, arguments: &[String], layers: &Layers) -> anyhow::Result<()> {
    match (words, arguments) {
        (CHECK, [directory]) => check::run(Path::new(directory), layers),
        (LIST, []) => list::run(layers),
        (SHOW, [key]) => show::run(key, layers),
        (SCHEMA, []) => {
            ferrule_service::say(JSON_SCHEMA);
            Ok(())
        }
        (TRY, [key]) => trial::run(key, layers).await,
        (NEW, []) => new::run(layers, None).await,
        (NEW_OF_ISSUER, [issuer]) => new::run(layers, Some(discover::discover(issuer, layers).await?)).await,
        _ => bail!("{words} is not known"),
    }
}

/// The built-in connectors and the operator's own, as a running Ferrule would have them.
fn catalog(layers: &Layers) -> anyhow::Result<Catalog> {
    Ok(Catalog::load(&LoadOptions {
        directory: layers.path("FERRULE_CONNECTORS_DIR")?,
        allow_private_networks: private_networks(layers)?,
        extra: Vec::new(),
    })?)
}

/// The way to vendors that a running gateway would take.
fn outbound(layers: &Layers) -> anyhow::Result<Outbound> {
    let settings = ferrule_gateway::Settings::from_layers(layers)?;
    Ok(Outbound::new(ferrule_outbound::Settings {
        allow_private_networks: settings.allow_private_networks,
        roots: settings.vendor_roots,
        connect_timeout: Duration::from_secs(10),
        user_agent: HeaderValue::from_static("Ferrule"),
    }))
}

fn private_networks(layers: &Layers) -> anyhow::Result<bool> {
    Ok(layers.required("FERRULE_ALLOW_PRIVATE_NETWORKS", Layers::flag)?)
}

/// How its users log in, as people read it.
fn kind(connector: &Connector) -> &'static str {
    match &connector.auth {
        Auth::OAuth2(_) => "OAuth 2.0",
        Auth::OAuth1(_) => "OAuth 1.0a",
        Auth::ClientCredentials(_) => "client credentials",
        Auth::ApiKey(_) => "API key",
        Auth::Basic(_) => "user name and password",
        Auth::None => "nothing",
    }
}

fn print(line: &str) {
    ferrule_service::say(&format!("{line}\n"));
}
