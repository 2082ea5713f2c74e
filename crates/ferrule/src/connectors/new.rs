//! `connectors new`: asks what a connector is, and writes its file once it is right.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
use ferrule_service::settings::Layers;

use super::discover::Discovered;
use super::question::ask;
use super::{print, private_networks};

/// The file goes into `FERRULE_CONNECTORS_DIR`, else where one stands. None is overwritten, and none is written
/// that `connectors check` would complain about.
pub(super) async fn run(layers: &Layers, discovered: Option<Discovered>) -> anyhow::Result<()> {
    let key = ask("Key, as in acme", None).await?;
    let text = text(&key, discovered.as_ref()).await?;
    let name = format!("{key}.toml");
    let catalog = Catalog::load(&LoadOptions {
        directory: None,
        allow_private_networks: private_networks(layers)?,
        extra: vec![ConnectorSource {
            name: name.clone(),
            text: text.clone(),
        }],
    })?;
    for problem in catalog.problems() {
        print(&problem.to_string());
    }
    if !catalog.problems().is_empty() {
        bail!("nothing was written: answer anew");
    }
    let folder = layers
        .path("FERRULE_CONNECTORS_DIR")?
        .unwrap_or_else(|| PathBuf::from("."));
    let path = folder.join(&name);
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    print(&format!("{}: written and checked", path.display()));
    Ok(())
}

/// The file's text, made of the answers.
async fn text(key: &str, discovered: Option<&Discovered>) -> anyhow::Result<String> {
    let mut lines = vec![field("key", key)];
    lines.push(field("name", &ask("Name that people read", None).await?));
    lines.push(field("hub", &ask("Hub, as in crm", Some("general")).await?));
    let description = ask("What it is for", Some("")).await?;
    lines.extend(optional("description", &description));
    lines.push("\n[auth]".to_owned());
    let authorization = match discovered {
        Some(discovered) => {
            lines.extend(discovered.lines());
            let scopes = ask("Scopes, with spaces between them", Some(&discovered.scopes)).await?;
            lines.extend(list("scopes", &scopes));
            "Bearer {access_token}"
        }
        None => auth(&mut lines).await?,
    };
    let base_url = ask("Where its API is, as in https://api.example.com/v1", Some("")).await?;
    if !base_url.is_empty() {
        lines.push("\n[api]".to_owned());
        lines.push(field("base_url", base_url.trim_end_matches('/')));
        if !authorization.is_empty() {
            let authorization = ask("The Authorization header of its calls", Some(authorization)).await?;
            lines.push(field("authorization", &authorization));
        }
        let ping = ask(
            "A cheap call that tells whether a login still works, as in GET /me",
            Some(""),
        )
        .await?;
        lines.extend(optional("ping", &ping));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// Asks how its users log in; gives how calls carry that, where Ferrule does not do it by itself.
async fn auth(lines: &mut Vec<String>) -> anyhow::Result<&'static str> {
    let kinds = "How its users log in: oauth2, client_credentials, api_key, basic or none";
    let kind = ask(kinds, Some("oauth2")).await?;
    lines.push(field("kind", &kind));
    Ok(match kind.as_str() {
        "oauth2" | "client_credentials" => {
            if kind == "oauth2" {
                lines.push(field(
                    "authorization_url",
                    &ask("Where the user logs in", None).await?,
                ));
            }
            lines.push(field("token_url", &ask("Where codes become tokens", None).await?));
            let scopes = ask("Scopes, with spaces between them", Some("")).await?;
            lines.extend(list("scopes", &scopes));
            if kind == "oauth2" {
                let refresh = ask("Refresh tokens: none, reusable or rotating", Some("rotating")).await?;
                lines.push(field("refresh", &refresh));
            }
            "Bearer {access_token}"
        }
        "api_key" => {
            let label = ask("The vendor's word for its key", Some("API key")).await?;
            lines.push(field("label", &label));
            "Bearer {api_key}"
        }
        _ => "",
    })
}

/// A line of TOML; a JSON text is a TOML text.
pub(super) fn field(name: &str, value: &str) -> String {
    format!("{name} = {}", serde_json::Value::from(value))
}

fn optional(name: &str, value: &str) -> Option<String> {
    (!value.is_empty()).then(|| field(name, value))
}

fn list(name: &str, words: &str) -> Option<String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    (!words.is_empty()).then(|| format!("{name} = {}", serde_json::Value::from(words)))
}
