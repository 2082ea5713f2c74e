//! What a connector file may say, what a catalogue makes of several, and where an address can lead.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod addresses;
mod files;
mod kinds;
mod layers;
mod oauth1;
mod parameters;
mod quirks;
mod schema;
mod shipped;

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrule_catalog::{Catalog, Connector, ConnectorSource, LoadOptions, Parameters};

/// A vendor behind `{subdomain}` that uses every field of the format.
const ACME: &str = include_str!("../fixtures/acme.toml");

/// The catalogue of the built-in files and one more.
fn catalog_with(name: &str, text: &str) -> Catalog {
    let extra = vec![ConnectorSource {
        name: name.to_owned(),
        text: text.to_owned(),
    }];
    Catalog::load(&LoadOptions {
        extra,
        allow_private_networks: true,
        directory: None,
    })
    .unwrap()
}

/// The connector of a file that is right.
fn connector(name: &str, text: &str) -> Arc<Connector> {
    let catalog = catalog_with(name, text);
    assert_eq!(catalog.problems(), [], "{text}");
    Arc::clone(catalog.get(name.trim_end_matches(".toml")).unwrap())
}

fn values(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn parameters(given: &[(&str, &str)]) -> Parameters {
    values(given).into_iter().collect()
}

/// `line: message` of everything that is wrong with a file.
fn told(text: &str) -> Vec<String> {
    let catalog = catalog_with("x.toml", text);
    catalog
        .problems()
        .iter()
        .map(|problem| problem.to_string().replacen("x.toml:", "", 1))
        .collect()
}
