//! The first leg (RFC 5849 section 2.1): temporary credentials, for Ferrule's own callback or for a caller's.

use std::time::Duration;

use ferrule_catalog::{Connector, Parameters};
use ferrule_oauth::oauth1::{
    ClientCredentials, CredentialsAnswer, IssuedCredentials, temporary_credentials_request,
};
use ferrule_oauth::{redirect_uri, vendor_words};
use ferrule_wire::v1::{RequestTokenRequest, RequestTokenResponse};
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};

use super::vendor::{ask, signer, stamp};
use crate::refusals::{from_parameter, invalid};
use crate::state::Broker;
use crate::vendor_call::Asked;

/// How long a vendor may take: less than the 10 s that callers wait for a login URL.
const TIME_LIMIT: Duration = Duration::from_secs(8);

/// Keeps nothing: the caller brings token and secret back with the verifier.
pub(crate) async fn request_token(
    broker: &Broker,
    request: RequestTokenRequest,
) -> Result<RequestTokenResponse, Refusal> {
    let connector = broker.connector(&request.element)?;
    connector.oauth1().map_err(from_parameter)?;
    let parameters = connector.resolve(&request.parameters).map_err(from_parameter)?;
    if request.callback_url.is_empty() || request.callback_url == broker.hosted_callback(connector) {
        return Err(invalid(
            "`callbackUrl` is missing: send a callback of yours. For Ferrule's own callback fetch oauth/url at once.",
        ));
    }
    redirect_uri::check(&request.callback_url)
        .map_err(|problem| invalid(format!("`callbackUrl` is refused: {problem}.")))?;
    let app = App::of(&request.api_key, request.api_secret)?;
    let issued = temporary_credentials(broker, connector, &parameters, &app, &request.callback_url).await?;
    Ok(RequestTokenResponse {
        token: issued.token.expose_secret().to_owned(),
        secret: issued.secret.expose_secret().to_owned(),
    })
}

/// A vendor app that signs.
pub(super) struct App {
    pub(super) key: String,
    pub(super) secret: SecretString,
}

impl App {
    /// Refuses what cannot sign.
    pub(super) fn of(key: &str, secret: String) -> Result<Self, Refusal> {
        if key.is_empty() || secret.is_empty() {
            return Err(invalid(
                "`apiKey` and `apiSecret` are needed: key and secret of your app at the vendor sign the request.",
            ));
        }
        Ok(Self {
            key: key.to_owned(),
            secret: secret.into(),
        })
    }
}

/// Asks the vendor, once. Nothing is spent: whoever is refused may ask again.
pub(super) async fn temporary_credentials(
    broker: &Broker,
    connector: &Connector,
    parameters: &Parameters,
    app: &App,
    callback_url: &str,
) -> Result<IssuedCredentials, Refusal> {
    let address = connector.request_token_url(parameters).map_err(from_parameter)?;
    let client = ClientCredentials {
        key: &app.key,
        secret: &app.secret,
    };
    let signer = signer(connector, client, None)?;
    let request = temporary_credentials_request(&address, &signer, callback_url, &stamp(broker))
        .map_err(Refusal::internal)?;
    let unreachable = |why: &str| {
        let words = format!(
            "{} could not be asked for a login: {why}. Try again.",
            connector.name
        );
        Refusal::new(Reason::VendorUnreachable, words)
    };
    let answer = ask(broker, connector, Asked::RequestToken, request, TIME_LIMIT).await.map_err(|error| {
        tracing::warn!(element = %connector.key, %error, "a vendor was not asked for temporary credentials");
        unreachable(&error.to_string())
    })?;
    let status = answer.status.as_u16();
    match answer.credentials {
        CredentialsAnswer::Granted(issued) => Ok(issued),
        CredentialsAnswer::Refused { .. } if status == 429 => {
            Err(unreachable("it takes no more requests right now"))
        }
        CredentialsAnswer::Refused { error, description } => {
            tracing::info!(event = "vendor_rejected", element = %connector.key, status, "the vendor refused to begin a login");
            let words = format!(
                "{} refused to begin a login. Check the app's key and secret, and the callback registered there.",
                connector.name
            );
            let vendors = vendor_words(&error, description.as_deref(), &[&app.secret]);
            Err(Refusal::new(Reason::VendorRejected, words).with_provider_message(vendors))
        }
        CredentialsAnswer::Unclear { status } => {
            tracing::warn!(element = %connector.key, status, "a vendor gave no clear answer to the first leg");
            Err(unreachable(&format!(
                "it answered with status {status} and no credentials"
            )))
        }
    }
}
