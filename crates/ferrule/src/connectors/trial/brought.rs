//! What the user brings: the vendor app's key and secret, or the account's, and the connector's parameters.

use std::collections::BTreeMap;

use ferrule_catalog::{Auth, Connector, Parameter};
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};

use crate::connectors::print;
use crate::connectors::question::{ask, ask_secret};

/// The answers. What a kind of connector does not know stays empty.
#[derive(Default)]
pub(super) struct Brought {
    pub(super) client_id: String,
    pub(super) client_secret: SecretString,
    pub(super) scope: String,
    pub(super) api_key: SecretString,
    pub(super) username: String,
    pub(super) password: SecretString,
    /// As given, without those that were left empty.
    pub(super) parameters: BTreeMap<String, String>,
}

impl Brought {
    /// Asks for what this connector needs.
    pub(super) async fn ask(connector: &Connector) -> anyhow::Result<Self> {
        let mut brought = Self::default();
        match &connector.auth {
            Auth::OAuth2(_) | Auth::OAuth1(_) | Auth::ClientCredentials(_) => {
                brought.client_id = ask("Key of your app (client id)", None).await?;
                brought.client_secret = ask_secret("Its secret").await?;
            }
            Auth::ApiKey(key) => {
                help(&key.help);
                brought.api_key = ask_secret(&key.label).await?;
            }
            Auth::Basic(basic) => {
                help(&basic.help);
                brought.username = ask(&basic.username_label, None).await?;
                brought.password = ask_secret(&basic.password_label).await?;
            }
            Auth::None => {}
        }
        if let Ok(tokens) = connector.token_server() {
            let scopes = format!("Scopes, with {:?} between them", tokens.scope_separator);
            brought.scope = ask(&scopes, Some(&tokens.scope())).await?;
        }
        for parameter in &connector.parameters {
            let value = value(parameter).await?;
            if !value.is_empty() {
                brought.parameters.insert(parameter.name.clone(), value);
            }
        }
        Ok(brought)
    }

    /// The declared parameters, with the file's own values where none was given.
    pub(super) fn declared(&self, connector: &Connector) -> Result<BTreeMap<String, String>, Refusal> {
        let resolved = connector.resolve(&self.parameters);
        let resolved = resolved.map_err(|error| Refusal::new(Reason::InvalidRequest, format!("{error}.")))?;
        Ok(resolved.into_map())
    }
}

/// A value that the parameter accepts. One that the vendor gives back, or that is optional, may be empty.
async fn value(parameter: &Parameter) -> anyhow::Result<String> {
    help(&parameter.help);
    let may_be_empty = !parameter.required || parameter.returned.is_some();
    let default = parameter.default.as_deref().or(may_be_empty.then_some(""));
    loop {
        let value = if parameter.secret {
            ask_secret(&parameter.label).await?.expose_secret().to_owned()
        } else {
            ask(&parameter.label, default).await?
        };
        if value.is_empty() && may_be_empty || !value.is_empty() && parameter.accepts(&value) {
            return Ok(value);
        }
        match &parameter.pattern {
            Some(pattern) => print(&format!("  write a value that matches {pattern}")),
            None => print("  write a value, 1 KiB at most"),
        }
    }
}

fn help(text: &str) {
    if !text.is_empty() {
        print(&format!("  {text}"));
    }
}
