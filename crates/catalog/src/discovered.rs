//! A connector whose issuer says where its endpoints are (RFC 8414).

use crate::address::{Address, AddressRules};
use crate::auth::{Auth, OAuth2, Pkce};
use crate::connector::Connector;
use crate::pieces::Declared;
use crate::template::Template;
use crate::token_server::ClientAuth;

/// What a file leaves to its issuer's metadata, beside the addresses that it does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// Who is asked.
    pub issuer: String,
    pub(crate) pkce: bool,
    pub(crate) client_auth: bool,
    pub(crate) iss: bool,
}

/// What an issuer's metadata say of that (RFC 8414 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovered {
    /// `authorization_endpoint`.
    pub authorization_url: String,
    /// `token_endpoint`.
    pub token_url: String,
    /// `revocation_endpoint`.
    pub revocation_url: Option<String>,
    /// By `code_challenge_methods_supported`.
    pub pkce: Pkce,
    /// By `token_endpoint_auth_methods_supported`; `None`: none of them is one that Ferrule knows.
    pub client_auth: Option<ClientAuth>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207).
    pub iss_required: bool,
}

impl Connector {
    /// What its file leaves to its issuer; `None`: nothing.
    pub fn discovery(&self) -> Option<&Discovery> {
        self.oauth2().ok()?.discovery.as_ref()
    }

    /// The connector with what its issuer says in place of what its file leaves out. What the file says stands.
    ///
    /// # Errors
    /// An address that no file could hold either: each error says why.
    pub fn discovered(&self, said: &Discovered, allow_private_networks: bool) -> Result<Self, Vec<String>> {
        let mut connector = self.clone();
        let Auth::OAuth2(oauth2) = &mut connector.auth else {
            return Ok(connector);
        };
        let Some(left) = oauth2.discovery.clone() else {
            return Ok(connector);
        };
        let mut errors = Vec::new();
        let mut address = |name: &str, text: &str| {
            let rules = AddressRules {
                declared: &Declared::default(),
                hosts: &[],
                allow_private_networks,
            };
            let parsed = Template::address(text, &rules);
            let named = |whys: Vec<String>| whys.into_iter().map(|why| format!("{name}: {why}")).collect();
            parsed.map_err(|whys| errors.extend::<Vec<_>>(named(whys))).ok()
        };
        if oauth2.authorization_url.is_left_out()
            && let Some(found) = address("authorization_endpoint", &said.authorization_url)
        {
            oauth2.authorization_url = found;
        }
        if oauth2.tokens.token_url.is_left_out()
            && let Some(found) = address("token_endpoint", &said.token_url)
        {
            oauth2.tokens.token_url = found;
        }
        if oauth2.tokens.revocation_url.is_none()
            && let Some(text) = &said.revocation_url
        {
            oauth2.tokens.revocation_url = address("revocation_endpoint", text);
        }
        let login = oauth2.authorization_url.as_address().map(Address::query_names);
        let ours = |name: &String| OAuth2::OF_AUTHORIZATION.contains(&name.as_str());
        if let Some(name) = login.unwrap_or_default().into_iter().find(ours) {
            errors.push(format!("authorization_endpoint: it holds '{name}' itself"));
        }
        if left.pkce {
            oauth2.pkce = said.pkce;
        }
        match said.client_auth {
            _ if !left.client_auth => {}
            Some(client_auth) => oauth2.tokens.client_auth = client_auth,
            None => errors.push("it knows no way to authenticate that Ferrule knows".to_owned()),
        }
        if left.iss {
            oauth2.iss_required = said.iss_required;
        }
        if errors.is_empty() {
            Ok(connector)
        } else {
            Err(errors)
        }
    }
}
