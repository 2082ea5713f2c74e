//! What an issuer says of itself (OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3).

use std::time::Duration;

use anyhow::{Context as _, bail};
use ferrule_outbound::{Limits, Outbound};
use ferrule_service::settings::Layers;
use http::{HeaderValue, Request, StatusCode};
use serde::Deserialize;
use url::Url;

use super::new::field;

const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(20),
    max_body_bytes: 1 << 20,
};

/// What a connector file takes from an issuer's metadata.
pub(super) struct Discovered {
    metadata: Metadata,
    /// With spaces between them.
    pub(super) scopes: String,
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    revocation_endpoint: Option<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    grant_types_supported: Vec<String>,
    /// Absent: `client_secret_basic`.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Asks the issuer, in both ways that there are.
///
/// # Errors
/// It publishes no metadata, or those of another issuer.
pub(super) async fn discover(issuer: &str, layers: &Layers) -> anyhow::Result<Discovered> {
    let settings = ferrule_gateway::Settings::from_layers(layers)?;
    let outbound = Outbound::new(ferrule_outbound::Settings {
        allow_private_networks: settings.allow_private_networks,
        roots: settings.vendor_roots,
        connect_timeout: Duration::from_secs(10),
        user_agent: HeaderValue::from_static("Ferrule"),
    });
    let url = Url::parse(issuer).with_context(|| format!("{issuer} is no address"))?;
    let path = url.path().trim_end_matches('/').to_owned();
    let mut told = Vec::new();
    for place in [
        format!("{path}/.well-known/openid-configuration"),
        format!("/.well-known/oauth-authorization-server{path}"),
    ] {
        let mut address = url.clone();
        address.set_path(&place);
        let request = Request::get(address.as_str()).body(Vec::new())?;
        let answer = match outbound.send(request, LIMITS).await {
            Ok(answer) if answer.status() == StatusCode::OK => answer,
            Ok(answer) => {
                told.push(format!("{address} answers {}", answer.status().as_u16()));
                continue;
            }
            Err(error) => {
                told.push(error.to_string());
                continue;
            }
        };
        let metadata: Metadata = serde_json::from_slice(answer.body())
            .with_context(|| format!("{address} holds no metadata of an authorization server"))?;
        if metadata.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
            bail!("{address} speaks of another issuer, {}", metadata.issuer);
        }
        return Ok(Discovered {
            scopes: metadata.useful_scopes(),
            metadata,
        });
    }
    bail!("{issuer} publishes no metadata: {}", told.join("; "))
}

impl Metadata {
    /// Those that log a user in and keep the login alive.
    fn useful_scopes(&self) -> String {
        let known = ["openid", "offline_access"];
        let useful = known
            .iter()
            .filter(|scope| self.scopes_supported.iter().any(|known| known == *scope));
        useful.copied().collect::<Vec<_>>().join(" ")
    }
}

impl Discovered {
    /// The lines under `[auth]`, but for scopes.
    pub(super) fn lines(&self) -> Vec<String> {
        let metadata = &self.metadata;
        let has = |list: &[String], word: &str| list.iter().any(|known| known == word);
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        let by_body = methods.is_some_and(|methods| has(methods, "client_secret_post"));
        let pkce = has(&metadata.code_challenge_methods_supported, "S256");
        let refresh = has(&metadata.grant_types_supported, "refresh_token");
        let mut lines = vec![
            field("kind", "oauth2"),
            field("issuer", &metadata.issuer),
            field("authorization_url", &metadata.authorization_endpoint),
            field("token_url", &metadata.token_endpoint),
            field("client_auth", if by_body { "body" } else { "basic" }),
            field("pkce", if pkce { "s256" } else { "off" }),
            field("refresh", if refresh { "rotating" } else { "none" }),
        ];
        lines.extend(
            metadata
                .revocation_endpoint
                .as_ref()
                .map(|url| field("revocation_url", url)),
        );
        if metadata.authorization_response_iss_parameter_supported {
            lines.push(field("iss", "required"));
        }
        lines
    }
}
