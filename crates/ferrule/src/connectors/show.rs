//! `connectors show KEY`: what a connector needs, where it leads, what it offers.

use std::fmt::{self, Write as _};

use anyhow::Context as _;
use ferrule_catalog::{Auth, Connector, PagingStyle, Resource, Template, TokenServer};
use ferrule_service::settings::Layers;

use super::{catalog, kind};

/// A page of text about one connector, by key or id.
pub(super) fn run(key: &str, layers: &Layers) -> anyhow::Result<()> {
    let catalog = catalog(layers)?;
    let connector = catalog
        .get(key)
        .with_context(|| format!("no connector is called {key}: see `ferrule connectors list`"))?;
    let public_url = layers.url("FERRULE_PUBLIC_URL")?.unwrap_or_default();
    let mut page = String::new();
    write(&mut page, connector, &public_url)?;
    ferrule_service::say(&page);
    Ok(())
}

fn write(page: &mut String, connector: &Connector, public_url: &str) -> fmt::Result {
    let (key, id) = (&connector.key, connector.id.0);
    writeln!(page, "{} ({key}, id {id}, hub {})", connector.name, connector.hub)?;
    if !connector.description.is_empty() {
        writeln!(page, "{}", connector.description)?;
    }
    writeln!(page, "\nlogs in by {}", kind(connector))?;
    let mut line = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(page, "  {name:14}{value}"),
    };
    line("docs", connector.docs.as_deref().unwrap_or_default())?;
    match &connector.auth {
        Auth::OAuth2(oauth2) => {
            line("login", oauth2.authorization_url.as_str())?;
            tokens(&mut line, &oauth2.tokens)?;
            line("callback", &format!("{public_url}/oauth/callback/{key}"))?;
        }
        Auth::OAuth1(oauth1) => {
            line("first token", oauth1.request_token_url.as_str())?;
            line("login", oauth1.authorization_url.as_str())?;
            line("tokens", oauth1.token_url.as_str())?;
            line("callback", &format!("{public_url}/oauth/callback/{key}"))?;
        }
        Auth::ClientCredentials(server) => tokens(&mut line, server)?,
        Auth::ApiKey(key) => line(&key.label, &key.help)?,
        Auth::Basic(basic) => line(&basic.username_label, &basic.help)?,
        Auth::None => {}
    }
    if let Some(api) = &connector.api {
        line("API", api.base_url.as_str())?;
        let ping = api
            .ping
            .as_ref()
            .map(|ping| format!("{} {}", ping.method, ping.path));
        line("ping", &ping.unwrap_or_default())?;
    }
    if !connector.parameters.is_empty() {
        writeln!(page, "\nneeds besides")?;
    }
    for parameter in &connector.parameters {
        let default = parameter.default.as_ref().map(|value| format!(" (else {value})"));
        let (label, default) = (&parameter.label, default.unwrap_or_default());
        writeln!(page, "  {:14}{label}{default}", parameter.name)?;
    }
    if !connector.resources.is_empty() {
        writeln!(page, "\noffers, below /hubs/{}", connector.hub)?;
    }
    connector
        .resources
        .iter()
        .try_for_each(|resource| offer(page, resource))
}

fn tokens(line: &mut impl FnMut(&str, &str) -> fmt::Result, server: &TokenServer) -> fmt::Result {
    line("tokens", server.token_url.as_str())?;
    let revocation = server.revocation_url.as_ref();
    line("revocation", revocation.map(Template::as_str).unwrap_or_default())?;
    line("scopes", &server.scope())
}

fn offer(page: &mut String, resource: &Resource) -> fmt::Result {
    let methods: Vec<&str> = resource.methods.iter().map(|method| method.as_str()).collect();
    let paged = match resource.paging.as_ref().map(|paging| &paging.style) {
        None => "",
        Some(PagingStyle::Link { .. }) => ", by pages (link)",
        Some(PagingStyle::Cursor { .. }) => ", by pages (cursor)",
        Some(PagingStyle::Offset { .. }) => ", by pages (offset)",
        Some(PagingStyle::Page { .. }) => ", by pages (number)",
    };
    writeln!(
        page,
        "  {}  {}: {}{paged}",
        methods.join(" "),
        resource.path,
        resource.description
    )
}
