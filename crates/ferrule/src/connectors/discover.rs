//! What an issuer says of itself, as the lines of a connector file.

use std::time::Duration;

use anyhow::{Context as _, bail};
use ferrule_oauth::{ClientAuth, ServerMetadata};
use ferrule_oauth_broker::discovery::fetch;
use ferrule_service::settings::Layers;

use super::new::field;
use super::outbound;

/// How long the issuer may take in each place.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a connector file takes from an issuer's metadata.
pub(super) struct Discovered {
    metadata: ServerMetadata,
    client_auth: &'static str,
}

/// Asks the issuer, in both ways that there are. A slash at its end is forgiven: the file gets the issuer's own name.
///
/// # Errors
/// It publishes no metadata, or those of another issuer.
pub(super) async fn discover(issuer: &str, layers: &Layers) -> anyhow::Result<Discovered> {
    let published = fetch(&outbound(layers)?, issuer, PATIENCE).await;
    let metadata = published.context(issuer.to_owned())?.metadata;
    if metadata.issuer.trim_end_matches('/') != issuer.trim_end_matches('/') {
        bail!(
            "{issuer} publishes metadata of another issuer, {}",
            metadata.issuer
        );
    }
    let client_auth = match metadata.client_auth {
        Some(ClientAuth::Body) => "body",
        Some(ClientAuth::Basic | ClientAuth::SecretAsUser) => "basic",
        None => bail!("{issuer} lets no client authenticate in a way that Ferrule knows"),
    };
    Ok(Discovered {
        metadata,
        client_auth,
    })
}

impl Discovered {
    /// Scopes that log a user in and keep the login alive, with spaces between them.
    pub(super) fn scopes(&self) -> String {
        let known = |scope: &&str| self.metadata.scopes.iter().any(|known| known == scope);
        let useful = ["openid", "offline_access"].into_iter().filter(known);
        useful.collect::<Vec<_>>().join(" ")
    }

    /// The lines under `[auth]`, but for scopes.
    pub(super) fn lines(&self) -> Vec<String> {
        let metadata = &self.metadata;
        let (pkce, refresh) = (
            if metadata.s256 { "s256" } else { "off" },
            if metadata.refresh_tokens {
                "rotating"
            } else {
                "none"
            },
        );
        let mut lines = vec![
            field("kind", "oauth2"),
            field("issuer", &metadata.issuer),
            field("authorization_url", &metadata.authorization_endpoint),
            field("token_url", &metadata.token_endpoint),
            field("client_auth", self.client_auth),
            field("pkce", pkce),
            field("refresh", refresh),
        ];
        let revocation = metadata.revocation_endpoint.as_ref();
        lines.extend(revocation.map(|url| field("revocation_url", url)));
        if metadata.iss {
            lines.push(field("iss", "required"));
        }
        lines
    }
}
