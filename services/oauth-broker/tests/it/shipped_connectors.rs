//! The login URL of every connector that ships with Ferrule, read back by another parser.

use std::collections::BTreeMap;

use ferrule_catalog::{Catalog, Connector, LoadOptions, Parameter, Parameters, Pkce};
use ferrule_wire::v1::AuthorizeRequest;
use url::Url;

use crate::requests::{API_KEY, PUBLIC_URL, hosted};
use crate::world::World;

/// Values of the kinds that users type; each parameter takes the first that fits it.
const TYPED: [&str; 12] = [
    "acme",
    "12345",
    "us6",
    "eu",
    "p01",
    "acme.eu",
    "acme.crm4",
    "www.example.com",
    "www.wrike.com",
    "wd5.myworkday.com",
    "api.pcloud.com",
    "ABCDE12345678",
];

fn typed(parameter: &Parameter) -> &str {
    let fits = TYPED.into_iter().find(|value| parameter.accepts(value));
    fits.unwrap_or_else(|| panic!("add a value that fits {parameter:?}"))
}

/// What a user types for a connector: what it requires, and of the rest nothing.
fn values(connector: &Connector) -> BTreeMap<String, String> {
    let required = connector.parameters.iter().filter(|parameter| parameter.required);
    required
        .map(|parameter| (parameter.name.clone(), typed(parameter).to_owned()))
        .collect()
}

/// The query that a file asks for (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
fn expected(
    connector: &Connector,
    parameters: &Parameters,
    state: Option<String>,
    challenge: Option<&String>,
) -> BTreeMap<String, String> {
    let oauth2 = connector.oauth2().unwrap();
    let endpoint = Url::parse(&connector.authorization_url(parameters).unwrap()).unwrap();
    let mut query: BTreeMap<String, String> = endpoint.query_pairs().into_owned().collect();
    query.extend(connector.authorize_params(parameters).unwrap());
    let mut say = |name: &str, value: String| query.insert(name.to_owned(), value);
    say("response_type", "code".to_owned());
    say("client_id", API_KEY.to_owned());
    let callback = format!("{PUBLIC_URL}/oauth/callback/{}", connector.key);
    say(
        "redirect_uri",
        connector.redirect_uri(&callback, parameters).unwrap(),
    );
    say("state", state.unwrap());
    if !oauth2.tokens.scopes.is_empty() {
        say("scope", oauth2.tokens.scope());
    }
    if oauth2.pkce != Pkce::Off {
        say("code_challenge", challenge.unwrap().clone());
        say("code_challenge_method", "S256".to_owned());
    }
    for (ours, vendors) in &oauth2.authorize_names {
        if let Some(value) = query.remove(ours).filter(|_| !vendors.is_empty()) {
            query.insert(vendors.clone(), value);
        }
    }
    query
}

#[tokio::test(flavor = "multi_thread")]
async fn every_login_url_says_what_its_file_says() {
    let world = World::embedded().await;
    let catalog = Catalog::load(&LoadOptions::default()).unwrap();
    for connector in catalog.iter().filter(|connector| connector.oauth2().is_ok()) {
        let key = connector.key.as_str();
        let given = values(connector);
        let request = AuthorizeRequest {
            parameters: given.clone(),
            ..hosted(key)
        };
        let answer = world.authorize(request).await.unwrap();
        let url = Url::parse(&answer.oauth_url).unwrap();

        let parameters = connector.resolve(&given).unwrap();
        let endpoint = Url::parse(&connector.authorization_url(&parameters).unwrap()).unwrap();
        assert_eq!(
            (url.origin(), url.path()),
            (endpoint.origin(), endpoint.path()),
            "{key}"
        );
        let read: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(
            read.len(),
            url.query_pairs().count(),
            "{key}: a name stands twice in {url}"
        );
        let expected = expected(connector, &parameters, answer.state, read.get("code_challenge"));
        assert_eq!(read, expected, "{key}");

        let token_url = Url::parse(&connector.token_url(&parameters).unwrap()).unwrap();
        assert_eq!(token_url.scheme(), "https", "{key}");
    }
}
