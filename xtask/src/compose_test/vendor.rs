//! The vendor: a certified OpenID provider on loopback, which the cluster reaches through TLS.

use std::fs;

use anyhow::Context as _;
use ferrule_testkit::{OidcOptions, OidcProvider};
use rcgen::{CertificateParams, KeyPair};

use super::stack::Stack;

/// Its key in the catalogue.
pub const CONNECTOR: &str = "certified";

/// Where the cluster finds it; `xtask/stand-ins/compose.yml` has the same.
const BACK_CHANNEL: &str = "https://vendor.test:8443";

/// Short, so that tokens are refreshed while something is broken.
const ACCESS_TTL: u32 = 20;

/// The running vendor.
pub struct Vendor {
    _provider: OidcProvider,
}

impl Vendor {
    /// Starts it, and lays what the cluster must know of it beside the compose file.
    pub fn start(stack: &Stack) -> anyhow::Result<Self> {
        let callback = format!("{}/oauth/callback/{CONNECTOR}", stack.public_url());
        let options = OidcOptions {
            access_ttl: ACCESS_TTL,
            ..OidcOptions::default()
        };
        let provider = OidcProvider::start(&[&callback], options);
        let folder = stack.file("vendor");
        fs::create_dir_all(folder.join("connectors")).context("a folder for connectors")?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["vendor.test".to_owned()])?
            .self_signed(&key)?
            .pem();
        let files = [
            ("authority.pem", certificate.clone()),
            ("tls.pem", certificate + &key.serialize_pem()),
            ("haproxy.cfg", relay(provider.issuer())),
            ("connectors/certified.toml", connector(&provider)),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).with_context(|| name.to_owned())?;
        }
        Ok(Self { _provider: provider })
    }
}

fn relay(issuer: &str) -> String {
    let address = issuer.trim_start_matches("http://");
    format!(
        "defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
listen vendor
    bind 172.31.254.1:8443 ssl crt /tls.pem
    server provider {address}
"
    )
}

/// Browsers go to it directly, and so the issuer is on loopback.
fn connector(provider: &OidcProvider) -> String {
    format!(
        r#"key = "{CONNECTOR}"
name = "Certified"
hub = "general"

[auth]
kind = "oauth2"
authorization_url = "{}"
token_url = "{BACK_CHANNEL}/token"
revocation_url = "{BACK_CHANNEL}/token/revocation"
scopes = ["openid", "read"]
client_auth = "basic"
pkce = "required"
issuer = "{}"
iss = "required"

[api]
base_url = "{BACK_CHANNEL}"
authorization = "Bearer {{access_token}}"
"#,
        provider.authorization_url(),
        provider.issuer()
    )
}
