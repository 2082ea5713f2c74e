//! An OpenID-certified authorization server that someone else wrote: npm's `oidc-provider`.

use std::sync::Mutex;

use serde_json::json;
use tempfile::TempDir;

use crate::daemon::{Daemon, Recipe};
use crate::places::{program, vendors};
use crate::{CLIENT_ID, CLIENT_SECRET};

/// Run with the vendors' folder as working directory, where its imports are found.
const SERVER: &str = include_str!("../vendors/oidc-provider.mjs");

/// How the client authenticates at the token endpoint (`token_endpoint_auth_method`); the server takes no other.
#[derive(Debug, Clone, Copy)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`
    Body,
}

/// What a test may want another way.
#[derive(Debug, Clone, Copy)]
pub struct OidcOptions {
    /// Lifetime of access tokens in seconds.
    pub access_ttl: u32,
    /// Whether a refresh token works once only; reuse then revokes the whole grant.
    pub rotate: bool,
    /// Whether an authorization request without PKCE is refused.
    pub pkce_required: bool,
    /// How the client authenticates.
    pub client_authentication: ClientAuthentication,
}

impl Default for OidcOptions {
    fn default() -> Self {
        Self {
            access_ttl: 300,
            rotate: true,
            pkce_required: true,
            client_authentication: ClientAuthentication::Basic,
        }
    }
}

/// The server, with one client ([`CLIENT_ID`], [`CLIENT_SECRET`]); any login and password pass. It sends `iss`
/// back with every answer (RFC 9207).
pub struct OidcProvider {
    issuer: String,
    server: Mutex<Daemon>,
    _folder: TempDir,
}

impl OidcProvider {
    /// Starts it for a client with these redirect URIs.
    pub fn start(redirect_uris: &[&str], options: OidcOptions) -> Self {
        let settings = json!({
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "redirectUris": redirect_uris,
            "accessTtl": options.access_ttl,
            "rotate": options.rotate,
            "pkceRequired": options.pkce_required,
            "authMethod": match options.client_authentication {
                ClientAuthentication::Basic => "client_secret_basic",
                ClientAuthentication::Body => "client_secret_post",
            },
        });
        let folder = TempDir::with_prefix("ferrule-oidc-").expect("a temporary directory");
        let log = folder.path().join("oidc-provider.log");
        let mut server = Daemon::start(&Recipe {
            program: program("node", "nodejs"),
            arguments: ["--input-type=module", "--eval", SERVER].map(Into::into).into(),
            environment: vec![("SETTINGS", settings.to_string())],
            folder: vendors(),
            log: log.clone(),
            end: "KILL",
            user: None,
            scratch: None,
        });
        let mut issuer = None;
        let up = server.comes_up(|| {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            issuer = log.split_inclusive('\n').find_map(|line| {
                line.strip_prefix("ready ")?
                    .strip_suffix('\n')
                    .map(ToOwned::to_owned)
            });
            issuer.is_some()
        });
        assert!(up, "oidc-provider does not start:\n{}", server.log());
        let issuer = issuer.expect("a server that is up has said its issuer");
        Self {
            issuer,
            server: Mutex::new(server),
            _folder: folder,
        }
    }

    /// `http://127.0.0.1:port`, as in `iss` and in discovery.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where users are sent.
    pub fn authorization_url(&self) -> String {
        format!("{}/auth", self.issuer)
    }

    /// Where codes and refresh tokens are spent.
    pub fn token_url(&self) -> String {
        format!("{}/token", self.issuer)
    }

    /// Where tokens are revoked (RFC 7009).
    pub fn revocation_url(&self) -> String {
        format!("{}/token/revocation", self.issuer)
    }

    /// What an access token with scope `openid` opens: `{"sub": …}`.
    pub fn userinfo_url(&self) -> String {
        format!("{}/me", self.issuer)
    }

    /// What it logged: a line for each request that it refused.
    pub fn log(&self) -> String {
        self.server
            .lock()
            .expect("no thread panics while it reads the log")
            .log()
    }
}
