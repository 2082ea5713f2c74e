//! Tokens with no user at hand: by a refresh token of a login that the caller did itself, or for the app alone.
//!
//! A refresh token is spent by it: marked, sent, and the answer kept, like a code. Unlike a code it is sent again,
//! when the caller repeats the call, after a no or after no answer: nothing else can bring its tokens any more, and
//! a vendor that had spent it says so. The app's own credentials (RFC 6749 section 4.4) are not spent: nothing is
//! kept, and a repeat brings another token.

use ferrule_catalog::{Auth, Connector};
use ferrule_model::Digest;
use ferrule_oauth::{TokenAnswer, vendor_words};
use ferrule_outbound::OutboundError;
use ferrule_wire::v1::{ExchangeRequest, ExchangeResponse};
use ferrule_wire::{Reason, Refusal};
use http::StatusCode;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::confirm::digest;
use crate::exchange::PATIENCE;
use crate::fill::fill;
use crate::handshake::{Grant, Outcome, Progress};
use crate::journal;
use crate::refusals::{from_parameter, from_record, in_flight};
use crate::reply;
use crate::state::Broker;
use crate::token_endpoint::{TIME_LIMIT, TokenEndpoint, scope_of};
use crate::vendor_call::Asked;

/// What is shown to the vendor in place of a code.
pub(crate) enum Proof {
    /// The app's key and secret.
    App,
    /// A refresh token, named by the digest of its exchange.
    RefreshToken(SecretString, Digest),
}

impl Proof {
    /// What this exchange shows; `None`: a code.
    pub(crate) fn of(broker: &Broker, request: &ExchangeRequest) -> Result<Option<Self>, Refusal> {
        let connector = broker.connector(&request.element)?;
        if let Auth::ClientCredentials(_) = connector.auth {
            return Ok(Some(Self::App));
        }
        if request.refresh_token.is_empty() {
            return Ok(None);
        }
        let refresh_token = request.refresh_token.clone().into();
        Ok(Some(Self::RefreshToken(refresh_token, digest(&request.digest)?)))
    }
}

/// Tokens for this proof.
pub(crate) async fn without_user(
    broker: &Broker,
    request: ExchangeRequest,
    proof: Proof,
) -> Result<ExchangeResponse, Refusal> {
    match proof {
        Proof::App => send(broker, &request, None).await.map(reply::granted),
        Proof::RefreshToken(token, exchange) => spend(broker, &request, &token, exchange).await,
    }
}

async fn spend(
    broker: &Broker,
    request: &ExchangeRequest,
    token: &SecretString,
    exchange: Digest,
) -> Result<ExchangeResponse, Refusal> {
    let patience = Instant::now() + PATIENCE;
    loop {
        let progress = broker.exchanges.wait(exchange, patience).await;
        match progress.map_err(from_record)? {
            Progress::Answered(outcome) => return reply::outcome(outcome),
            Progress::Confirmed => return Ok(reply::confirmed()),
            Progress::InFlight => return Err(in_flight()),
            Progress::NotStarted | Progress::Unknown => {}
        }
        let started = broker.exchanges.start_again(exchange).await;
        if started.map_err(from_record)? {
            break;
        }
    }
    match send(broker, request, Some(token)).await {
        Ok(grant) => {
            let outcome = Outcome::Granted(Box::new(grant));
            journal::keep(broker, exchange, None, outcome.clone()).await;
            reply::outcome(outcome)
        }
        Err(refusal) => {
            // Otherwise a repeat has to wait until the mark is old.
            broker.exchanges.abandon(exchange).await.map_err(from_record)?;
            Err(refusal)
        }
    }
}

/// The one token request; without a refresh token it is the app's own.
async fn send(
    broker: &Broker,
    request: &ExchangeRequest,
    refresh_token: Option<&SecretString>,
) -> Result<Grant, Refusal> {
    let connector = &*broker.with_tokens(&request.element).await?;
    let tokens = connector.token_server().map_err(from_parameter)?;
    let parameters = connector.resolve(&request.parameters).map_err(from_parameter)?;
    let secret = SecretString::from(request.api_secret.as_str());
    let scope = scope_of(&request.parameters, tokens);
    let endpoint = TokenEndpoint::new(connector, &parameters, &request.api_key, &secret)?;
    let message = match refresh_token {
        Some(token) => endpoint.refresh_request(token, &scope, &request.callback_url)?,
        None => endpoint.client_credentials_request(&scope)?,
    };
    let answer = endpoint
        .ask(broker, Asked::Exchange, message, TIME_LIMIT, &scope)
        .await
        .map_err(|error| unanswered(connector, &error))?;
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        let words = format!(
            "{} takes no more requests right now. Repeat the call later.",
            connector.name
        );
        return Err(Refusal::new(Reason::VendorUnreachable, words));
    }
    match answer.tokens {
        TokenAnswer::Granted(granted) => {
            let mut parameters = parameters.clone().into_map();
            fill(&mut parameters, connector, granted.extra.iter());
            Ok(Grant {
                // An app that may ask at any time needs none (RFC 6749 section 4.4.3).
                refresh_token: refresh_token.map(|sent| {
                    let next = endpoint.refresh_token_of(&granted.tokens);
                    next.unwrap_or_else(|| sent.clone())
                }),
                access_token: granted.tokens.access_token,
                token_secret: None,
                expires_at: granted.tokens.expires_at,
                scope: granted.tokens.scope,
                requested_at: answer.requested_at,
                client_id: request.api_key.clone(),
                client_secret: (!request.api_secret.is_empty()).then_some(secret),
                callback_url: request.callback_url.clone(),
                parameters,
            })
        }
        TokenAnswer::Refused { error, description } => {
            tracing::info!(event = "vendor_rejected", element = %connector.key, status = answer.status.as_u16(), "the vendor refused an app or the refresh token that it brought");
            let secrets: Vec<&SecretString> = refresh_token.into_iter().chain([&secret]).collect();
            let what = match refresh_token {
                Some(_) => "the refresh token or the app's key and secret",
                None => "the app's key and secret",
            };
            let words = format!(
                "{} refused {what}. Check them and repeat the call.",
                connector.name
            );
            Err(
                Refusal::new(Reason::VendorRejected, words).with_provider_message(vendor_words(
                    &error,
                    description.as_deref(),
                    &secrets,
                )),
            )
        }
        TokenAnswer::Unclear { status } => {
            tracing::warn!(event = "exchange_unknown", element = %connector.key, status, "the token endpoint gave no clear answer");
            Err(unknown(connector))
        }
    }
}

fn unanswered(connector: &Connector, error: &OutboundError) -> Refusal {
    match error {
        OutboundError::NotSent { .. } => {
            tracing::warn!(element = %connector.key, %error, "the token endpoint was not reached");
            let words = format!(
                "{} could not be reached: {error}. Nothing was sent; repeat the call.",
                connector.name
            );
            Refusal::new(Reason::VendorUnreachable, words)
        }
        OutboundError::Unanswered { .. } => {
            tracing::warn!(event = "exchange_unknown", element = %connector.key, %error, "the token endpoint did not answer");
            unknown(connector)
        }
    }
}

fn unknown(connector: &Connector) -> Refusal {
    let words = format!(
        "{} was asked for tokens and gave no answer that can be read. Repeat the call.",
        connector.name
    );
    Refusal::new(Reason::ExchangeUnknown, words)
}
