//! `ferrule connectors …`: what an operator asks of the catalogue.

mod check;
mod discover;
mod list;
mod new;
mod question;
mod show;

use std::path::Path;

use anyhow::bail;
use ferrule_catalog::{Auth, Catalog, Connector, LoadOptions};
use ferrule_service::settings::Layers;

pub(crate) const CHECK: &str = "connectors check";
pub(crate) const LIST: &str = "connectors list";
pub(crate) const NEW: &str = "connectors new";
pub(crate) const NEW_OF_ISSUER: &str = "connectors new --issuer";
pub(crate) const SHOW: &str = "connectors show";

/// Does what these words ask for.
pub(crate) async fn run(words: &str, arguments: &[String], layers: &Layers) -> anyhow::Result<()> {
    match (words, arguments) {
        (CHECK, [directory]) => check::run(Path::new(directory), layers),
        (LIST, []) => list::run(layers),
        (SHOW, [key]) => show::run(key, layers),
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
