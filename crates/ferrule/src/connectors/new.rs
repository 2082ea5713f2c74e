//! `connectors new`: asks what a connector is, and writes its file once it is right.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
use ferrule_service::settings::Layers;

use super::discover::Discovered;
use super::kinds::{Calls, auth};
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
    print(&format!(
        "{}: written and checked. `ferrule connectors try {key}` logs in with it.",
        path.display()
    ));
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
    let calls = match discovered {
        Some(discovered) => {
            lines.extend(discovered.lines());
            let scopes = ask("Scopes, with spaces between them", Some(&discovered.scopes())).await?;
            lines.extend(list("scopes", &scopes));
            Calls::Carry("Bearer {access_token}")
        }
        None => auth(&mut lines).await?,
    };
    api(&mut lines, calls).await?;
    parameters(&mut lines).await?;
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// Where its API is, and how calls carry the credential.
async fn api(lines: &mut Vec<String>, calls: Calls) -> anyhow::Result<()> {
    let base_url = ask("Where its API is, as in https://api.example.com/v1", Some("")).await?;
    if base_url.is_empty() {
        return Ok(());
    }
    lines.push("\n[api]".to_owned());
    lines.push(field("base_url", base_url.trim_end_matches('/')));
    if let Calls::Carry(usual) = calls {
        let header = ask("The header that carries the credential", Some("Authorization")).await?;
        if header.eq_ignore_ascii_case("authorization") {
            let value = ask("What it holds", Some(usual)).await?;
            lines.push(field("authorization", &value));
        } else {
            // The credential alone, as vendors with a header of their own have it.
            let usual = usual.split_once(' ').map_or(usual, |(_, credential)| credential);
            let value = ask("What it holds", Some(usual)).await?;
            let (header, value) = (serde_json::Value::from(header), serde_json::Value::from(value));
            lines.push(format!("headers = {{ {header} = {value} }}"));
        }
    }
    let ping = ask(
        "A cheap call that tells whether a login still works, as in GET /me",
        Some(""),
    )
    .await?;
    lines.extend(optional("ping", &ping));
    Ok(())
}

/// Declares what stands in braces in an address.
async fn parameters(lines: &mut Vec<String>) -> anyhow::Result<()> {
    let mut names: Vec<String> = Vec::new();
    for line in lines.iter().filter(|line| line.contains("://")) {
        for after in line.split('{').skip(1) {
            if let Some((name, _)) = after.split_once('}')
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    for name in names {
        let label = ask(&format!("What users call {{{name}}}"), Some(&name)).await?;
        let pattern = ask("A regular expression that its values match", Some("[a-z0-9-]+")).await?;
        lines.push("\n[[parameters]]".to_owned());
        lines.push(field("name", &name));
        lines.push(field("label", &label));
        lines.push(field("pattern", &pattern));
    }
    Ok(())
}

/// A line of TOML; a JSON text is a TOML text.
pub(super) fn field(name: &str, value: &str) -> String {
    format!("{name} = {}", serde_json::Value::from(value))
}

pub(super) fn optional(name: &str, value: &str) -> Option<String> {
    (!value.is_empty()).then(|| field(name, value))
}

pub(super) fn list(name: &str, words: &str) -> Option<String> {
    let words: Vec<&str> = words.split_whitespace().collect();
    (!words.is_empty()).then(|| format!("{name} = {}", serde_json::Value::from(words)))
}
