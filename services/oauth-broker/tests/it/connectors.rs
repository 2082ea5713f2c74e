//! Connectors that all stand for one scripted vendor.

use ferrule_catalog::{Catalog, ConnectorSource, LoadOptions};
use ferrule_testkit::TokenEndpoint;

/// What `issuing` and `naming` declare.
pub const ISSUER: &str = "https://issuer.example";

/// Each name is a connector's key; what follows goes into its `[auth]`, and below.
const CONNECTORS: [(&str, &str); 9] = [
    (
        "acme",
        "scopes = [\"read\", \"write\"]\nrevocation_url = \"{vendor}/revoke\"",
    ),
    ("plain", "pkce = \"off\""),
    ("strict", "pkce = \"required\""),
    (
        "basic",
        "client_auth = \"basic\"\nrevocation_url = \"{vendor}/revoke\"",
    ),
    (
        "json",
        "token_request = \"json\"\ntoken_params = { audience = \"everyone\" }",
    ),
    (
        "issuing",
        "issuer = \"https://issuer.example\"\niss = \"required\"",
    ),
    ("naming", "issuer = \"https://issuer.example\""),
    (
        "prompting",
        "authorize_params = { prompt = \"consent\", team = \"{team}\" }\n[[parameters]]\nname = \"team\"\nlabel = \"Team\"\nrequired = false",
    ),
    (
        "returning",
        "[[parameters]]\nname = \"account\"\nlabel = \"Account\"\npattern = \"[a-z0-9]+\"\nrequired = false\n[[parameters]]\nname = \"dc\"\nlabel = \"Data centre\"\npattern = \"[a-z0-9]+\"\nrequired = false",
    ),
];

/// Both addresses hold the shop.
const SHOPS: &str = r#"
key = "shops"
name = "Shops"
hub = "ecommerce"
[auth]
kind = "oauth2"
authorization_url = "https://{shop}.example.com/authorize"
token_url = "{vendor}/token?shop={shop}"
[[parameters]]
name = "shop"
label = "Shop"
pattern = "[a-z0-9-]+"
"#;

/// Only the token endpoint holds the region.
const REGIONAL: &str = r#"
key = "regional"
name = "Regional"
hub = "crm"
[auth]
kind = "oauth2"
authorization_url = "{vendor}/authorize"
token_url = "{vendor}/token?region={region}"
[[parameters]]
name = "region"
label = "Region"
pattern = "[a-z]+"
"#;

/// Nobody listens there until a test does.
fn absent(port: u16) -> String {
    format!(
        "key = \"absent\"\nname = \"Absent\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\n\
         authorization_url = \"http://127.0.0.1:{port}/authorize\"\n\
         token_url = \"http://127.0.0.1:{port}/token\"\n\
         revocation_url = \"http://127.0.0.1:{port}/revoke\"\n"
    )
}

/// The built-in ones and all of these.
pub fn catalog(vendor: &TokenEndpoint, absent_port: u16) -> Catalog {
    let plain = CONNECTORS.map(|(key, auth)| {
        format!(
            "key = \"{key}\"\nname = \"The {key} vendor\"\nhub = \"crm\"\n[auth]\nkind = \"oauth2\"\n\
             authorization_url = \"{{vendor}}/authorize\"\ntoken_url = \"{{vendor}}/token\"\n{auth}\n"
        )
    });
    let own = [
        SHOPS.to_owned(),
        REGIONAL.to_owned(),
        absent(absent_port),
        KEYED.to_owned(),
        ROBOTS.to_owned(),
    ];
    load(
        plain
            .into_iter()
            .chain(own)
            .map(|text| text.replace("{vendor}", &vendor.url(""))),
    )
}

/// The app is its own user.
const ROBOTS: &str = r#"
key = "robots"
name = "Robots"
hub = "crm"
[auth]
kind = "client_credentials"
token_url = "{vendor}/token"
revocation_url = "{vendor}/revoke"
scopes = ["read", "write"]
token_params = { audience = "everyone" }
"#;

/// No OAuth at all.
const KEYED: &str = "key = \"keyed\"\nname = \"Keyed\"\nhub = \"crm\"\n[auth]\nkind = \"api_key\"\n";

/// The built-in ones and these.
pub fn load(texts: impl IntoIterator<Item = String>) -> Catalog {
    let named = |text: String| {
        let key = text.split('"').nth(1).unwrap().to_owned();
        ConnectorSource {
            name: format!("{key}.toml"),
            text,
        }
    };
    let catalog = Catalog::load(&LoadOptions {
        directory: None,
        allow_private_networks: true,
        extra: texts.into_iter().map(named).collect(),
    })
    .unwrap();
    assert!(catalog.problems().is_empty(), "{:?}", catalog.problems());
    catalog
}
