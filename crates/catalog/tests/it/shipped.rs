//! The connectors that ship with Ferrule, every one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ferrule_catalog::{Catalog, Connector, ConnectorSource, LoadOptions, Template};
use rustix::time::{ClockId, clock_gettime};
use url::Url;

use super::connector;

/// The contract's hubs ("Hub proxy").
const HUBS: [&str; 30] = [
    "analytics",
    "billing",
    "collaboration",
    "conferencing",
    "crm",
    "db",
    "documents",
    "ecommerce",
    "employee",
    "erp",
    "esignature",
    "expense",
    "finance",
    "fsa",
    "general",
    "helpdesk",
    "humancapital",
    "idmanagement",
    "marketing",
    "messaging",
    "monitoring",
    "native",
    "ocr",
    "payment",
    "pointofsale",
    "questback",
    "sageaccounting",
    "sagepayroll",
    "scheduling",
    "social",
];

/// Names and texts of the shipped files.
pub fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    files.collect()
}

fn catalog() -> Catalog {
    Catalog::load(&LoadOptions::default()).unwrap()
}

/// Every address that a connector's file holds.
fn addresses(connector: &Connector) -> Vec<&str> {
    let addresses = connector.addresses().map(Template::as_str);
    addresses.chain(connector.docs.as_deref()).collect()
}

#[test]
fn every_file_says_the_same_when_another_program_has_written_it() {
    let shipped = catalog();
    for (name, text) in files() {
        let table: toml::Table = text.parse().unwrap();
        let rewritten = toml::to_string(&table).unwrap();
        let again = connector(&name, &rewritten);
        let shipped = shipped.by_key(&again.key).unwrap();
        assert_eq!(format!("{again:?}"), format!("{shipped:?}"), "{rewritten}");
    }
}

#[test]
fn every_address_is_https_and_a_path_below_a_public_name() {
    for connector in catalog().iter() {
        for address in addresses(connector) {
            let key = &connector.key;
            let spelled = address.replace(['{', '}'], "");
            let url = Url::parse(&spelled).unwrap();
            assert_eq!(url.scheme(), "https", "{key}: {address}");
            let host = url.host_str().unwrap();
            let public = host.contains('.') || address.contains("://{");
            assert!(public && url.port().is_none(), "{key}: {address}");
        }
    }
}

#[test]
fn every_connector_says_what_it_is_for_and_belongs_to_a_hub_of_the_contract() {
    for connector in catalog().iter() {
        let key = &connector.key;
        assert!(HUBS.contains(&connector.hub.as_str()), "{key}: {}", connector.hub);
        let sentence = connector.description.len() > 20 && connector.description.ends_with('.');
        assert!(sentence, "{key}: {}", connector.description);
        for parameter in &connector.parameters {
            assert_ne!(
                parameter.label, parameter.name,
                "{key}: what does a form call it?"
            );
        }
    }
}

/// Clients of the contract send a whole address for a sandbox.
#[test]
fn a_site_address_fills_what_its_vendor_is_asked_for() {
    let catalog = catalog();
    for (key, site, name, value) in [
        ("sfdc", "https://test.salesforce.com", "login", "test"),
        ("sfdc", "login.salesforce.com", "login", "login"),
        (
            "sfdc",
            "https://acme--dev.sandbox.my.salesforce.com/",
            "login",
            "acme--dev.sandbox.my",
        ),
        ("zendesk", "https://acme.zendesk.com/agent", "subdomain", "acme"),
        ("shopify", "acme.myshopify.com", "subdomain", "acme"),
    ] {
        let connector = catalog.get(key).unwrap();
        let given = super::values(&[("siteAddress", site)]);
        let resolved = connector.resolve(&given).unwrap();
        assert_eq!(resolved.get(name), Some(value), "{key}: {site}");
    }
}

#[test]
fn no_two_connectors_share_a_description() {
    let catalog = catalog();
    let descriptions: BTreeSet<&str> = catalog.iter().map(|connector| &*connector.description).collect();
    assert_eq!(descriptions.len(), catalog.iter().len());
}

/// Vendors that many use: their files say what their APIs offer.
const WITH_RESOURCES: [&str; 26] = [
    "airtable",
    "asana",
    "box",
    "dropbox",
    "github",
    "gitlab",
    "gmail",
    "googledrive",
    "hubspotcrm",
    "intercom",
    "jira",
    "linear",
    "mailchimpv3",
    "microsoftgraph",
    "notion",
    "pipedrive",
    "quickbooks",
    "sfdc",
    "shopify",
    "slack",
    "stripe",
    "trello",
    "twilio",
    "xero",
    "zendesk",
    "zoom",
];

#[test]
fn the_most_used_vendors_say_what_they_offer_and_nothing_twice() {
    let catalog = catalog();
    for key in WITH_RESOURCES {
        assert!(!catalog.get(key).unwrap().resources.is_empty(), "{key}");
    }
    for connector in catalog.iter() {
        let mut paths = BTreeSet::new();
        for resource in &connector.resources {
            let place = (&connector.key, &resource.path);
            assert!(paths.insert(&resource.path), "{place:?} twice");
            assert!(!resource.description.is_empty(), "{place:?}: what does it hold?");
            assert_ne!(resource.path, "/ping", "{place:?} has a meaning of its own");
        }
    }
}

#[test]
fn the_whole_catalogue_is_small_and_read_in_a_moment() {
    let shipped = files();
    let bytes: usize = shipped.iter().map(|(_, text)| text.len()).sum();
    assert!(bytes < 10 << 20, "{bytes} bytes in the binary");

    let extra = shipped
        .into_iter()
        .map(|(name, text)| ConnectorSource { name, text });
    let options = LoadOptions {
        extra: extra.collect(),
        ..LoadOptions::default()
    };
    // A test build is some ten times slower. Of this thread's own time, which nothing else on the machine takes from,
    // the best of five.
    let moment = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 50 });
    let read = || {
        let begun = own_time();
        assert_eq!(Catalog::load(&options).unwrap().problems(), []);
        own_time().saturating_sub(begun)
    };
    let best = (0..5).map(|_| read()).min().unwrap();
    assert!(best < moment, "{best:?}");
}

/// How long this thread has computed so far.
fn own_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().unwrap()
}

#[test]
fn the_page_on_connectors_lists_them_as_they_are() {
    const BEGIN: &str =
        "<!-- connectors: begin (a test in crates/catalog compares this table with the files) -->\n";
    const END: &str = "<!-- connectors: end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/connectors.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let mut table = "| key | name | hub | logs in by | id |\n|---|---|---|---|---|\n".to_owned();
    let kinds: BTreeMap<String, String> = files().into_iter().map(kind).collect();
    for connector in catalog().iter() {
        let Connector {
            key, name, hub, id, ..
        } = &**connector;
        let kind = &kinds[key.as_str()];
        writeln!(table, "| `{key}` | {name} | {hub} | `{kind}` | {id} |").unwrap();
    }
    if written != table {
        let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join("connectors.md");
        fs::write(&current, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        panic!(
            "docs/connectors.md lists other connectors than there are: cp {} docs/connectors.md",
            current.display()
        );
    }
}

/// Key and kind, as a file has them.
fn kind((name, text): (String, String)) -> (String, String) {
    let table: toml::Table = text.parse().unwrap();
    let kind = table["auth"]["kind"].as_str().unwrap();
    (name.trim_end_matches(".toml").to_owned(), kind.to_owned())
}
