//! A connector: everything Ferrule knows about one vendor.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrule_model::{ConnectorKey, ElementId};

use crate::address::Address;
use crate::api::{Api, Resource};
use crate::auth::{Auth, OAuth2};
use crate::oauth1::OAuth1;
use crate::parameter::{Parameter, ParameterError, Parameters, Place};
use crate::template::Template;
use crate::token_server::TokenServer;

/// Names by which the contract's clients give an address parameter they do not know by name, in order.
const ALIASES: [&str; 2] = ["siteAddress", "subdomain"];

/// One vendor, as its file describes it.
#[derive(Clone, Debug)]
pub struct Connector {
    /// The key in paths and requests.
    pub key: ConnectorKey,
    /// Other keys that it answers to.
    pub aliases: Vec<ConnectorKey>,
    /// The number that stands for the key.
    pub id: ElementId,
    /// The name that people read.
    pub name: String,
    /// The hub it belongs to.
    pub hub: String,
    /// What the vendor is for; may be empty.
    pub description: String,
    /// Where the vendor explains its authentication.
    pub docs: Option<String>,
    /// How its users authenticate.
    pub auth: Auth,
    /// Its API.
    pub api: Option<Api>,
    /// What the user must add, in the file's order.
    pub parameters: Vec<Arc<Parameter>>,
    /// What the API docs show, in the file's order.
    pub resources: Vec<Resource>,
    /// The only hosts that an address may name whose host does not end in a literal domain.
    pub hosts: Vec<String>,
}

impl Connector {
    /// Its OAuth 2 settings, when it uses OAuth 2.
    pub fn oauth2(&self) -> Result<&OAuth2, ParameterError> {
        match &self.auth {
            Auth::OAuth2(oauth2) => Ok(oauth2),
            _ => Err(ParameterError::NotOAuth2 {
                connector: self.key.to_string(),
            }),
        }
    }

    /// Its OAuth 1.0a settings, when it uses OAuth 1.0a.
    pub fn oauth1(&self) -> Result<&OAuth1, ParameterError> {
        match &self.auth {
            Auth::OAuth1(oauth1) => Ok(oauth1),
            _ => Err(ParameterError::NotOAuth1 {
                connector: self.key.to_string(),
            }),
        }
    }

    /// Where it hands out OAuth 2 tokens, when it does.
    pub fn token_server(&self) -> Result<&TokenServer, ParameterError> {
        match &self.auth {
            Auth::OAuth2(oauth2) => Ok(&oauth2.tokens),
            Auth::ClientCredentials(tokens) => Ok(tokens),
            _ => Err(ParameterError::NotOAuth2 {
                connector: self.key.to_string(),
            }),
        }
    }

    /// Keeps what the connector declares of the values given, and fills in defaults.
    ///
    /// Empty values count as absent. `siteAddress`, then `subdomain`, fill the first address parameter when its
    /// own name is absent and the value fits, or is an address or host that holds one that fits; otherwise they are
    /// ignored. A value that does not fit its parameter is an error; a missing one is not, until something needs it.
    pub fn resolve(&self, given: &BTreeMap<String, String>) -> Result<Parameters, ParameterError> {
        let first_address = self
            .parameters
            .iter()
            .find(|parameter| parameter.place == Place::Address);
        let present = |name: &str| given.get(name).filter(|value| !value.is_empty());
        let mut resolved = Vec::new();
        for parameter in &self.parameters {
            let own = present(&parameter.name);
            if own.is_some_and(|value| !parameter.accepts(value)) {
                return Err(parameter.invalid());
            }
            let alias = || -> Option<&str> {
                let is_first = first_address.is_some_and(|first| Arc::ptr_eq(first, parameter));
                let aliases = ALIASES
                    .into_iter()
                    .filter(|alias| is_first && !self.declares(alias));
                aliases.filter_map(present).find_map(|value| {
                    let whole = Some(value.as_str()).filter(|value| parameter.accepts(value));
                    whole.or_else(|| self.part_of(value, parameter))
                })
            };
            let value = own.map(String::as_str).or_else(alias);
            if let Some(value) = value.or(parameter.default.as_deref()) {
                resolved.push((parameter.name.clone(), value.to_owned()));
            }
        }
        Ok(resolved.into_iter().collect())
    }

    /// The parameter's value in an address or a host that somebody pasted whole.
    fn part_of<'v>(&self, pasted: &'v str, parameter: &Parameter) -> Option<&'v str> {
        let rest = pasted.split_once("://").map_or(pasted, |(_, rest)| rest);
        let host = rest.split(['/', '?', '#']).next()?;
        self.addresses()
            .filter_map(Template::as_address)
            .filter_map(|address| address.part_of(host, &parameter.name))
            .find(|value| parameter.accepts(value))
    }

    /// Fails with the first required parameter that has no value.
    pub fn require_all(&self, values: &Parameters) -> Result<(), ParameterError> {
        let missing =
            |parameter: &&Arc<Parameter>| parameter.required && values.get(&parameter.name).is_none();
        self.parameters
            .iter()
            .find(missing)
            .map_or(Ok(()), |parameter| Err(parameter.missing()))
    }

    /// Where the user logs in. Requires only the parameters that this address holds.
    pub fn authorization_url(&self, values: &Parameters) -> Result<String, ParameterError> {
        match &self.auth {
            Auth::OAuth1(oauth1) => oauth1.authorization_url.render(values),
            _ => self.oauth2()?.authorization_url.render(values),
        }
    }

    /// Where codes, refresh tokens, client credentials and verifiers become tokens.
    pub fn token_url(&self, values: &Parameters) -> Result<String, ParameterError> {
        match &self.auth {
            Auth::OAuth1(oauth1) => oauth1.token_url.render(values),
            _ => self.token_server()?.token_url.render(values),
        }
    }

    /// Where refresh tokens become tokens.
    pub fn refresh_url(&self, values: &Parameters) -> Result<String, ParameterError> {
        match self.oauth2().ok().and_then(|oauth2| oauth2.refresh_url.as_ref()) {
            Some(url) => url.render(values),
            None => self.token_url(values),
        }
    }

    /// Where temporary credentials of OAuth 1.0a come from.
    pub fn request_token_url(&self, values: &Parameters) -> Result<String, ParameterError> {
        self.oauth1()?.request_token_url.render(values)
    }

    /// Where tokens are revoked; `None` when the vendor has no such place.
    pub fn revocation_url(&self, values: &Parameters) -> Result<Option<String>, ParameterError> {
        self.token_server()?
            .revocation_url
            .as_ref()
            .map(|url| url.render(values))
            .transpose()
    }

    /// Extra parameters of the authorization URL, not yet URL-coded, in the file's order. One that holds an
    /// optional parameter without a value is left out.
    pub fn authorize_params(&self, values: &Parameters) -> Result<Vec<(String, String)>, ParameterError> {
        let params = match &self.auth {
            Auth::OAuth1(oauth1) => &oauth1.authorize_params,
            _ => &self.oauth2()?.authorize_params,
        };
        self.rendered(params, values)
    }

    /// Extra parameters of a token request, in the file's order, like those of the authorization URL.
    pub fn token_params(&self, values: &Parameters) -> Result<Vec<(String, String)>, ParameterError> {
        self.rendered(&self.token_server()?.token_params, values)
    }

    /// Extra parameters of a refresh.
    pub fn refresh_params(&self, values: &Parameters) -> Result<Vec<(String, String)>, ParameterError> {
        match self
            .oauth2()
            .ok()
            .and_then(|oauth2| oauth2.refresh_params.as_ref())
        {
            Some(params) => self.rendered(params, values),
            None => self.token_params(values),
        }
    }

    /// What goes for a `redirect_uri` where the user comes back to `callback_url`.
    pub fn redirect_uri(&self, callback_url: &str, values: &Parameters) -> Result<String, ParameterError> {
        match self.oauth2().ok().and_then(|oauth2| oauth2.redirect_uri.as_ref()) {
            Some(registered) => registered.render(values),
            None => Ok(callback_url.to_owned()),
        }
    }

    fn rendered(
        &self,
        params: &[(String, Template)],
        values: &Parameters,
    ) -> Result<Vec<(String, String)>, ParameterError> {
        let optional_and_absent = |name: &str| {
            let declared = self.parameters.iter().find(|parameter| parameter.name == name);
            declared.is_some_and(|parameter| !parameter.required) && values.get(name).is_none()
        };
        params
            .iter()
            .filter(|(_, template)| !template.names().any(optional_and_absent))
            .map(|(name, template)| Ok((name.clone(), template.render(values)?)))
            .collect()
    }

    /// Whether an organization's stored vendor app may be used: only when the file itself bounds the hosts of
    /// every address, so that no value can have the app's secret sent to a host of its own choice.
    pub fn accepts_stored_app(&self) -> bool {
        self.addresses()
            .filter_map(Template::as_address)
            .all(Address::is_bounded)
    }

    /// Every address that the file has calls or browsers go to.
    pub fn addresses(&self) -> impl Iterator<Item = &Template> {
        let login = self.oauth2().ok().into_iter().flat_map(|oauth2| {
            let long_lived = oauth2.long_lived.iter().flat_map(|long_lived| {
                let renewal = long_lived.renewal.as_ref().map(|renewal| &renewal.url);
                [&long_lived.url].into_iter().chain(renewal)
            });
            [&oauth2.authorization_url]
                .into_iter()
                .chain(&oauth2.refresh_url)
                .chain(long_lived)
        });
        let tokens = self.token_server().ok().into_iter();
        let tokens = tokens.flat_map(|tokens| [&tokens.token_url].into_iter().chain(&tokens.revocation_url));
        let legs = self.oauth1().ok().into_iter().flat_map(OAuth1::addresses);
        let api = self.api.as_ref().map(|api| &api.base_url);
        login.chain(tokens).chain(legs).chain(api)
    }

    fn declares(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name)
    }
}
