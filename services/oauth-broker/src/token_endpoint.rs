//! A vendor's token endpoint: one request, and what came back, whatever it spends.

use std::collections::BTreeMap;
use std::time::Duration;

use ferrule_catalog::{self as catalog, Connector, TokenServer};
use ferrule_oauth::{self as oauth, CodeVerifier, TokenAnswer, read_token_answer};
use ferrule_outbound::{Limits, OutboundError};
use ferrule_wire::Refusal;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{Request, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::refusals::from_parameter;
use crate::state::Broker;
use crate::vendor_call::{self, Asked};

/// How long a vendor may take to answer before the caller is told that it did not.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(20);

/// A vendor app at its vendor's token endpoint.
pub(crate) struct TokenEndpoint<'a> {
    address: String,
    client: oauth::Client<'a>,
    format: oauth::BodyFormat,
    extra: &'a [(String, String)],
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
    /// The endpoint at `address`, its placeholders filled. An empty secret: a public client.
    pub(crate) fn new(
        connector: &'a Connector,
        address: String,
        client_id: &'a str,
        client_secret: &'a SecretString,
    ) -> Result<Self, Refusal> {
        let tokens = connector.token_server().map_err(from_parameter)?;
        Ok(Self {
            address,
            client: oauth::Client {
                id: client_id,
                secret: client_secret,
                auth: client_auth(tokens),
            },
            format: match tokens.token_request {
                catalog::TokenRequestFormat::Form => oauth::BodyFormat::Form,
                catalog::TokenRequestFormat::Json => oauth::BodyFormat::Json,
            },
            extra: &tokens.token_params,
        })
    }

    /// The request that spends a code.
    pub(crate) fn code_request(
        &self,
        code: &SecretString,
        redirect_uri: &str,
        verifier: Option<&CodeVerifier>,
    ) -> Result<Request<Vec<u8>>, Refusal> {
        oauth::code_request(
            &self.address,
            &self.client,
            code,
            redirect_uri,
            verifier,
            self.format,
            self.extra,
        )
        .map_err(Refusal::internal)
    }

    /// The request for the app's own token, which spends nothing.
    pub(crate) fn client_credentials_request(&self, scope: &str) -> Result<Request<Vec<u8>>, Refusal> {
        oauth::client_credentials_request(&self.address, &self.client, scope, self.format, self.extra)
            .map_err(Refusal::internal)
    }

    /// The request that spends a refresh token.
    pub(crate) fn refresh_request(&self, refresh_token: &SecretString) -> Result<Request<Vec<u8>>, Refusal> {
        oauth::refresh_request(
            &self.address,
            &self.client,
            refresh_token,
            self.format,
            self.extra,
        )
        .map_err(Refusal::internal)
    }
}

/// What an instance asks for: its own `oauth.scope`, or what its connector says.
pub(crate) fn scope_of(configuration: &BTreeMap<String, String>, tokens: &TokenServer) -> String {
    let own = configuration.get("oauth.scope").filter(|scope| !scope.is_empty());
    own.cloned().unwrap_or_else(|| tokens.scope())
}

/// Sends the request once. `asked_scope` is what was granted where the answer names no scope.
pub(crate) async fn ask(
    broker: &Broker,
    connector: &Connector,
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
    let answer = vendor_call::send(broker, connector, asked, request, limits).await?;
    let header = |name| answer.headers().get(name)?.to_str().ok();
    let status = answer.status();
    let tokens = read_token_answer(
        status.as_u16(),
        header(CONTENT_TYPE),
        answer.body(),
        requested_at,
        asked_scope,
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

/// How the connector's clients authenticate.
pub(crate) fn client_auth(tokens: &TokenServer) -> oauth::ClientAuth {
    match tokens.client_auth {
        catalog::ClientAuth::Body => oauth::ClientAuth::Body,
        catalog::ClientAuth::Basic => oauth::ClientAuth::Basic,
    }
}
