//! What `connectors new` asks for each way of logging in.

use super::new::{field, list, optional};
use super::question::{ask, choose};

const KINDS: [&str; 6] = [
    "oauth2",
    "oauth1",
    "client_credentials",
    "api_key",
    "basic",
    "none",
];

/// How calls of the API prove whose they are.
pub(super) enum Calls {
    /// By a header, whose usual value this is.
    Carry(&'static str),
    /// Ferrule does it by itself, or there is nothing to prove.
    ByKind,
}

/// Asks how its users log in, and adds the lines under `[auth]`.
pub(super) async fn auth(lines: &mut Vec<String>) -> anyhow::Result<Calls> {
    let kind = choose("How its users log in", &KINDS).await?;
    lines.push(field("kind", &kind));
    Ok(match kind.as_str() {
        "oauth2" => {
            address(lines, "authorization_url", "Where the user logs in").await?;
            address(lines, "token_url", "Where codes become tokens").await?;
            tokens(lines).await?;
            choice(lines, "pkce", "PKCE", &["s256", "required", "off"]).await?;
            let refresh = ["rotating", "reusable", "none"];
            choice(lines, "refresh", "Refresh tokens", &refresh).await?;
            Calls::Carry("Bearer {access_token}")
        }
        "client_credentials" => {
            address(lines, "token_url", "Where an app gets its token").await?;
            tokens(lines).await?;
            Calls::Carry("Bearer {access_token}")
        }
        "oauth1" => {
            address(lines, "request_token_url", "Where temporary tokens come from").await?;
            address(lines, "authorization_url", "Where the user logs in").await?;
            address(lines, "token_url", "Where verifiers become tokens").await?;
            let methods = ["HMAC-SHA1", "HMAC-SHA256"];
            choice(lines, "signature_method", "How requests are signed", &methods).await?;
            Calls::ByKind
        }
        "api_key" => {
            text(lines, "label", "The vendor's word for its key", "API key").await?;
            text(lines, "help", "Where users find it", "").await?;
            Calls::Carry("Bearer {api_key}")
        }
        "basic" => {
            text(
                lines,
                "username_label",
                "The vendor's word for the user name",
                "User name",
            )
            .await?;
            text(
                lines,
                "password_label",
                "The vendor's word for the password",
                "Password",
            )
            .await?;
            text(lines, "help", "Where users find them", "").await?;
            Calls::ByKind
        }
        _ => Calls::ByKind,
    })
}

/// What every token endpoint is asked with.
async fn tokens(lines: &mut Vec<String>) -> anyhow::Result<()> {
    let scopes = ask("Scopes, with spaces between them", Some("")).await?;
    lines.extend(list("scopes", &scopes));
    let places = ["body", "basic"];
    choice(
        lines,
        "client_auth",
        "Where key and secret stand in token requests",
        &places,
    )
    .await
}

async fn address(lines: &mut Vec<String>, name: &str, what: &str) -> anyhow::Result<()> {
    lines.push(field(name, &ask(what, None).await?));
    Ok(())
}

async fn choice(lines: &mut Vec<String>, name: &str, what: &str, words: &[&str]) -> anyhow::Result<()> {
    lines.push(field(name, &choose(what, words).await?));
    Ok(())
}

async fn text(lines: &mut Vec<String>, name: &str, what: &str, usual: &str) -> anyhow::Result<()> {
    lines.extend(optional(name, &ask(what, Some(usual)).await?));
    Ok(())
}
