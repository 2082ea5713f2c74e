//! A vendor's token endpoint: one request, and what came back, whatever it spends.

use std::collections::BTreeMap;
use std::time::Duration;

use ferrule_catalog::{
    self as catalog, Connector, LongLived, LongLivedValue, Parameters, Renewal, Sent, Template, TokenServer,
};
use ferrule_model::TokenPair;
use ferrule_oauth::{self as oauth, CodeVerifier, Names, TokenAnswer, Wording, read_token_answer};
use ferrule_outbound::{Limits, OutboundError};
use ferrule_wire::Refusal;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, StatusCode};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::refusals::from_parameter;
use crate::state::Broker;
use crate::vendor_call::{self, Asked};

/// How long a vendor may take to answer before the caller is told that it did not.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A vendor app at its vendor's token endpoint.
pub(crate) struct TokenEndpoint<'a> {
    connector: &'a Connector,
    parameters: &'a Parameters,
    client: oauth::Client<'a>,
    wording: Wording<'a>,
    shape: oauth::AnswerShape<'a>,
}

/// What the vendor said, and when it was asked.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) tokens: TokenAnswer,
    /// `Retry-After`, as it came.
    pub(crate) retry_after: Option<String>,
    /// When the request was sent.
    pub(crate) requested_at: Timestamp,
}

impl<'a> TokenEndpoint<'a> {
    /// The endpoint of this connector for these values. An empty secret: a public client.
    pub(crate) fn new(
        connector: &'a Connector,
        parameters: &'a Parameters,
        client_id: &'a str,
        client_secret: &'a SecretString,
    ) -> Result<Self, Refusal> {
        let tokens = connector.token_server().map_err(from_parameter)?;
        let format = match tokens.token_request {
            catalog::TokenRequestFormat::Form => oauth::BodyFormat::Form,
            catalog::TokenRequestFormat::Json => oauth::BodyFormat::Json,
        };
        Ok(Self {
            connector,
            parameters,
            client: oauth::Client {
                id: client_id,
                secret: client_secret,
                auth: client_auth(tokens),
            },
            wording: Wording {
                format,
                names: Names(&tokens.token_names),
            },
            shape: shape(&tokens.answer),
        })
    }

    /// The request that spends a code, at the address that was agreed on or else the connector's own.
    pub(crate) fn code_request(
        &self,
        agreed: Option<&str>,
        code: &SecretString,
        callback_url: &str,
        scope: &str,
        verifier: Option<&CodeVerifier>,
    ) -> Result<Request<Vec<u8>>, Refusal> {
        let address = match agreed {
            Some(address) => address.to_owned(),
            None => self
                .connector
                .token_url(self.parameters)
                .map_err(from_parameter)?,
        };
        let mut extra = self
            .connector
            .token_params(self.parameters)
            .map_err(from_parameter)?;
        let oauth2 = self.connector.oauth2().map_err(from_parameter)?;
        self.send_along(&oauth2.token_sends, scope, callback_url, &mut extra)?;
        oauth::code_request(
            &address,
            &self.client,
            code,
            &self.redirect_uri(callback_url)?,
            verifier,
            self.wording,
            &extra,
        )
        .map_err(Refusal::internal)
    }

    /// The request for the app's own token, which spends nothing.
    pub(crate) fn client_credentials_request(&self, scope: &str) -> Result<Request<Vec<u8>>, Refusal> {
        let address = self.connector.token_url(self.parameters);
        let extra = self.connector.token_params(self.parameters);
        let (address, extra) = (address.map_err(from_parameter)?, extra.map_err(from_parameter)?);
        oauth::client_credentials_request(&address, &self.client, scope, self.wording, &extra)
            .map_err(Refusal::internal)
    }

    /// The request that spends a refresh token.
    pub(crate) fn refresh_request(
        &self,
        refresh_token: &SecretString,
        scope: &str,
        callback_url: &str,
    ) -> Result<Request<Vec<u8>>, Refusal> {
        if let Some((long_lived, renewal)) = self.renewal() {
            return self.for_access_token(&renewal.url, long_lived.method, &renewal.params, refresh_token);
        }
        let address = self.connector.refresh_url(self.parameters);
        let extra = self.connector.refresh_params(self.parameters);
        let (address, mut extra) = (address.map_err(from_parameter)?, extra.map_err(from_parameter)?);
        let oauth2 = self.connector.oauth2().map_err(from_parameter)?;
        self.send_along(&oauth2.refresh_sends, scope, callback_url, &mut extra)?;
        oauth::refresh_request(&address, &self.client, refresh_token, self.wording, &extra)
            .map_err(Refusal::internal)
    }

    /// The request that turns a fresh access token into a long-lived one; `None`: this vendor has no such thing.
    pub(crate) fn long_lived_request(
        &self,
        access_token: &SecretString,
    ) -> Result<Option<Request<Vec<u8>>>, Refusal> {
        let oauth2 = self.connector.oauth2().map_err(from_parameter)?;
        let Some(long_lived) = &oauth2.long_lived else {
            return Ok(None);
        };
        self.for_access_token(
            &long_lived.url,
            long_lived.method,
            &long_lived.params,
            access_token,
        )
        .map(Some)
    }

    /// What the next refresh spends: the refresh token that came; of a long-lived token that is renewed by itself the
    /// access token.
    pub(crate) fn refresh_token_of(&self, tokens: &TokenPair) -> Option<SecretString> {
        match self.renewal() {
            Some(_) => Some(tokens.access_token.clone()),
            None => tokens.refresh_token.clone(),
        }
    }

    fn renewal(&self) -> Option<(&LongLived, &Renewal)> {
        let long_lived = self.connector.oauth2().ok()?.long_lived.as_ref()?;
        Some((long_lived, long_lived.renewal.as_ref()?))
    }

    /// A request by which the vendor gives an access token for another.
    fn for_access_token(
        &self,
        address: &Template,
        method: catalog::Method,
        params: &[(String, LongLivedValue)],
        access_token: &SecretString,
    ) -> Result<Request<Vec<u8>>, Refusal> {
        let address = address.render(self.parameters).map_err(from_parameter)?;
        let fields = params.iter().map(|(name, value)| {
            let value = match value {
                LongLivedValue::Fixed(text) => text.as_str(),
                LongLivedValue::AccessToken => access_token.expose_secret(),
                LongLivedValue::ClientId => self.client.id,
                LongLivedValue::ClientSecret => self.client.secret.expose_secret(),
            };
            (name.as_str(), value)
        });
        let post = method == catalog::Method::Post;
        oauth::long_lived_request(&address, post, &fields.collect::<Vec<_>>()).map_err(Refusal::internal)
    }

    /// Sends the request once. `asked_scope` is what was granted where the answer names no scope.
    pub(crate) async fn ask(
        &self,
        broker: &Broker,
        asked: Asked,
        request: Request<Vec<u8>>,
        timeout: Duration,
        asked_scope: &str,
    ) -> Result<Answered, OutboundError> {
        let limits = Limits {
            timeout,
            max_body_bytes: oauth::MAX_ANSWER_BYTES,
        };
        let requested_at = broker.clock.now();
        let answer = vendor_call::send(broker, self.connector, asked, request, limits).await?;
        let header = |name| answer.headers().get(name)?.to_str().ok();
        let status = answer.status();
        let tokens = read_token_answer(
            status.as_u16(),
            header(CONTENT_TYPE),
            answer.body(),
            requested_at,
            asked_scope,
            &self.shape,
        );
        Ok(Answered {
            status,
            tokens,
            retry_after: answer
                .headers()
                .get(RETRY_AFTER)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            requested_at,
        })
    }

    /// Adds what RFC 6749 would not send.
    fn send_along(
        &self,
        sends: &[Sent],
        scope: &str,
        callback_url: &str,
        extra: &mut Vec<(String, String)>,
    ) -> Result<(), Refusal> {
        for sent in sends {
            extra.push(match sent {
                Sent::Scope if scope.is_empty() => continue,
                Sent::Scope => ("scope".to_owned(), scope.to_owned()),
                Sent::RedirectUri => ("redirect_uri".to_owned(), self.redirect_uri(callback_url)?),
            });
        }
        Ok(())
    }

    fn redirect_uri(&self, callback_url: &str) -> Result<String, Refusal> {
        self.connector
            .redirect_uri(callback_url, self.parameters)
            .map_err(from_parameter)
    }
}

/// What an instance asks for: its own `oauth.scope`, or what its connector says.
pub(crate) fn scope_of(configuration: &BTreeMap<String, String>, tokens: &TokenServer) -> String {
    let own = configuration.get("oauth.scope").filter(|scope| !scope.is_empty());
    own.cloned().unwrap_or_else(|| tokens.scope())
}

fn shape(declared: &catalog::AnswerShape) -> oauth::AnswerShape<'_> {
    oauth::AnswerShape {
        within: declared.within.as_deref(),
        access_token: &declared.access_token,
        refresh_token: &declared.refresh_token,
        scope: &declared.scope,
        expires: &declared.expires,
        expires_as: match declared.expires_as {
            catalog::ExpiresAs::Seconds => oauth::ExpiresAs::Seconds,
            catalog::ExpiresAs::Milliseconds => oauth::ExpiresAs::Milliseconds,
            catalog::ExpiresAs::AtSeconds => oauth::ExpiresAs::AtSeconds,
            catalog::ExpiresAs::AtMilliseconds => oauth::ExpiresAs::AtMilliseconds,
            catalog::ExpiresAs::At => oauth::ExpiresAs::At,
        },
        error: &declared.error,
        error_description: &declared.error_description,
    }
}

/// How the connector's clients authenticate.
pub(crate) fn client_auth(tokens: &TokenServer) -> oauth::ClientAuth {
    match tokens.client_auth {
        catalog::ClientAuth::Body => oauth::ClientAuth::Body,
        catalog::ClientAuth::Basic => oauth::ClientAuth::Basic,
        catalog::ClientAuth::SecretAsUser => oauth::ClientAuth::SecretAsUser,
    }
}
