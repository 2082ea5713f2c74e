//! Who a connector is: key, id, hub, docs, hosts.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrule_model::{ConnectorKey, ElementId};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::connector::Connector;
use crate::section::{Report, Section};

/// What ids begin at that are made from a key.
const FIRST_DERIVED_ID: i64 = 1_000_000_000;

/// The key: the file's name, and never a mere number, which would pass for an id.
pub(super) fn key(report: &Report, top: &Section<'_>, stem: &str) -> Option<ConnectorKey> {
    let text = top.required_text("key")?;
    let parsed = text.get_ref().parse::<ConnectorKey>();
    let key = parsed
        .map_err(|why| report.at(text.span(), format!("key = \"{}\": {why}", text.get_ref())))
        .ok()?;
    if key.as_str() != stem {
        report.at(
            text.span(),
            format!("key = \"{key}\" is not the file's name: write key = \"{stem}\" or rename the file to {key}.toml"),
        );
    }
    if key.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
        report.at(
            text.span(),
            format!("key = \"{key}\" could be an id: add a letter"),
        );
    }
    Some(key)
}

/// The id: the file's own, else that of the connector it overrides, else one made from the key.
pub(super) fn id(
    report: &Report,
    top: &Section<'_>,
    key: Option<&ConnectorKey>,
    earlier: &BTreeMap<String, Arc<Connector>>,
) -> Option<ElementId> {
    let written = top.number("id");
    if let Some(id) = written.as_ref().filter(|id| *id.get_ref() < 1) {
        report.at(
            id.span(),
            format!("id = {}: write a number from 1 up", id.get_ref()),
        );
    }
    let key = key?;
    let inherited = earlier.get(key.as_str()).map(|connector| connector.id);
    let id = written
        .as_ref()
        .map(|id| ElementId(*id.get_ref()))
        .or(inherited)
        .unwrap_or_else(|| derived(key));
    if let Some(other) = earlier.values().find(|other| other.id == id && other.key != *key) {
        let span = written.map_or(top.span(), |id| id.span());
        report.at(
            span,
            format!("id {id} is taken by connector '{}': write another id", other.key),
        );
    }
    Some(id)
}

/// Other keys that it answers to, none of them another connector's.
pub(super) fn aliases(
    report: &Report,
    top: &Section<'_>,
    key: Option<&ConnectorKey>,
    earlier: &BTreeMap<String, Arc<Connector>>,
) -> Vec<ConnectorKey> {
    let texts = top.texts("aliases").unwrap_or_default();
    let aliases = texts.into_iter().filter_map(|text| {
        let Ok(alias) = text.get_ref().parse::<ConnectorKey>() else {
            let message = format!("aliases: '{}' is no key", text.get_ref());
            report.at(text.span(), message);
            return None;
        };
        let mut others = earlier.values().filter(|other| Some(&other.key) != key);
        if let Some(other) = others.find(|other| other.key == alias || other.aliases.contains(&alias)) {
            let message = format!("aliases: '{alias}' means connector '{}': remove it", other.key);
            report.at(text.span(), message);
        }
        Some(alias)
    });
    aliases.collect()
}

/// 1,000,000,000 and the first 30 bits of SHA-256(key).
fn derived(key: &ConnectorKey) -> ElementId {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(key.as_str()).into();
    ElementId(FIRST_DERIVED_ID + i64::from(u32::from_be_bytes([a, b, c, d]) >> 2))
}

pub(super) fn hub(report: &Report, top: &Section<'_>) -> Option<String> {
    let hub = top.required_text("hub")?;
    if !hub
        .get_ref()
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        report.at(
            hub.span(),
            format!(
                "hub = \"{}\": write lower-case letters and digits alone",
                hub.get_ref()
            ),
        );
    }
    Some(hub.into_inner())
}

pub(super) fn docs(report: &Report, top: &Section<'_>) -> Option<String> {
    let docs = top.text("docs")?;
    if Url::parse(docs.get_ref()).is_ok_and(|url| url.scheme() == "https") {
        return Some(docs.into_inner());
    }
    report.at(
        docs.span(),
        format!(
            "docs = \"{}\": write an address that begins with https://",
            docs.get_ref()
        ),
    );
    None
}

/// The hosts that an address may name when its file does not end the host in a literal domain.
pub(super) fn hosts(report: &Report, top: &Section<'_>) -> Vec<String> {
    let listed = top.texts("hosts").unwrap_or_default();
    for host in &listed {
        let name = host.get_ref();
        let url = Url::parse(&format!("https://{name}/"));
        if !url.is_ok_and(|url| url.host_str() == Some(name) && url.port().is_none()) {
            let message =
                format!("hosts: '{name}' is no host: write a name in lower case, as in \"eu.example.com\"");
            report.at(host.span(), message);
        }
    }
    listed.into_iter().map(toml::Spanned::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_from_the_first_30_bits_of_the_keys_digest() {
        // `printf acme | sha256sum` begins with 822b33ad.
        let key: ConnectorKey = "acme".parse().unwrap();
        assert_eq!(derived(&key), ElementId(1_000_000_000 + (0x822b_33ad >> 2)));
    }
}
