//! A code becomes tokens, once (design: "One code, one instance").
//!
//! The exchange's mark is set before the token request leaves and holds the vendor's answer before anyone is
//! told, so that whatever dies in between, the code is sent once and the tokens are kept.

use std::time::Duration;

use ferrule_catalog::Connector;
use ferrule_model::Digest;
use ferrule_wire::v1::{Confirmed, ExchangeRequest, ExchangeResponse, Grant, exchange_response};
use ferrule_wire::{Reason, Refusal};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, sleep};

use crate::code_source::CodeSource;
use crate::confirm::digest;
use crate::handshake::{self, Claim, Claimed, HandshakeKey, Outcome, Start};
use crate::refusals::{expired_state, from_record, unknown_state};
use crate::state::Broker;
use crate::token_request::{self, Answer};

/// How long a repeat waits for the call that came first.
const PATIENCE: Duration = Duration::from_secs(23);

/// How often, and how long apart, an answer is written that the store would not take.
const JOURNAL_ATTEMPTS: u32 = 20;
const JOURNAL_PAUSE: Duration = Duration::from_millis(100);

/// Runs to its end whether or not the caller waits.
pub(crate) async fn exchange(broker: &Broker, request: ExchangeRequest) -> Result<ExchangeResponse, Refusal> {
    let worker = broker.clone();
    let work = broker
        .unfinished
        .spawn(async move { run(&worker, request).await });
    work.await.unwrap_or_else(|error| Err(Refusal::internal(error)))
}

async fn run(broker: &Broker, request: ExchangeRequest) -> Result<ExchangeResponse, Refusal> {
    let (connector, _) = broker.oauth2(&request.element)?;
    let exchange = digest(&request.digest)?;
    let patience = Instant::now() + PATIENCE;
    // What ended before is answered again, also when the handshake it came from is long over.
    let mut mark = broker
        .exchanges
        .wait(exchange, patience)
        .await
        .map_err(from_record)?;
    loop {
        match mark {
            Start::Answered(outcome) => return answer(outcome),
            Start::Confirmed => return Ok(reply(exchange_response::Outcome::Confirmed(Confirmed {}))),
            Start::Unknown => return answer(unknown_outcome()),
            Start::InFlight { .. } => {
                let words = "This code is being exchanged right now. Repeat the same call in a moment.";
                return Err(Refusal::new(Reason::ExchangeInFlight, words));
            }
            Start::Started => {}
        }
        let source = CodeSource::of(broker, &request).await?;
        mark = match broker.exchanges.start(exchange).await.map_err(from_record)? {
            Start::Started => return first(broker, connector, exchange, source).await,
            Start::InFlight { .. } => broker
                .exchanges
                .wait(exchange, patience)
                .await
                .map_err(from_record)?,
            ended => ended,
        };
    }
}

/// The exchange is this call's: claim, send, keep the answer, tell it.
async fn first(
    broker: &Broker,
    connector: &Connector,
    exchange: Digest,
    source: CodeSource,
) -> Result<ExchangeResponse, Refusal> {
    let (key, claimed) = match claim(broker, connector, exchange, source).await {
        Ok(claimed) => claimed,
        Err(refusal) => {
            broker.exchanges.abandon(exchange).await.map_err(from_record)?;
            return Err(refusal);
        }
    };
    let outcome = match token_request::send(broker, connector, &claimed).await {
        Answer::NeverLeft(refusal) => {
            if let Some(key) = &key {
                broker
                    .handshakes
                    .release(key, exchange)
                    .await
                    .map_err(from_record)?;
            }
            broker.exchanges.abandon(exchange).await.map_err(from_record)?;
            return Err(refusal);
        }
        Answer::Ended(outcome) => outcome,
        Answer::Unknown => unknown_outcome(),
    };
    keep(broker, exchange, &outcome).await;
    if let Some(key) = &key
        && let Err(error) = broker.handshakes.finish(key, exchange).await
    {
        tracing::warn!(%error, "a handshake whose exchange ended could not be marked as done");
    }
    answer(outcome)
}

/// Takes the handshake, where there is one. What refuses here has consumed nothing.
async fn claim(
    broker: &Broker,
    connector: &Connector,
    exchange: Digest,
    source: CodeSource,
) -> Result<(Option<HandshakeKey>, Claimed), Refusal> {
    let (key, expected, callback) = match source {
        CodeSource::Caller(claimed) => return Ok((None, *claimed)),
        CodeSource::Handshake {
            key,
            expected,
            callback,
        } => (key, expected, callback),
    };
    let check = |agreed: &handshake::AuthorizationRequest| expected.check(connector, agreed);
    let claim = broker
        .handshakes
        .claim(&key, exchange, callback.as_ref(), check)
        .await
        .map_err(from_record)?;
    let mut claimed = match claim {
        // With the mark just set, an earlier claim of this exchange sent nothing.
        Claim::Claimed(claimed) | Claim::ClaimedBefore { claimed, .. } => *claimed,
        Claim::Refused(refusal) => return Err(refusal),
        Claim::Done => return Err(Refusal::new(Reason::ExchangeUnknown, EXCHANGE_UNKNOWN)),
        Claim::Spent => {
            let words = "This login was already turned into an instance with another code.";
            return Err(Refusal::new(Reason::CodeSpent, words));
        }
        Claim::Pending => {
            let words = "The user has not come back from the vendor yet. Repeat the call once they have.";
            return Err(Refusal::new(Reason::StatePending, words));
        }
        Claim::Denied(denial) => {
            let words = [denial.error, denial.description].join(": ");
            return Err(Refusal::new(
                Reason::UserDenied,
                "The login ended with a no at the vendor. Let the user try again.",
            )
            .with_provider_message(words.trim_end_matches(": ")));
        }
        Claim::Expired => return Err(expired_state()),
        Claim::Unknown => return Err(unknown_state()),
    };
    expected.complete(&mut claimed.request);
    Ok((Some(key), claimed))
}

/// Writes the answer down before anyone is told. A store that went away meanwhile is asked again for a while:
/// after that the caller's commit is the only copy.
async fn keep(broker: &Broker, exchange: Digest, outcome: &Outcome) {
    for attempt in 1..=JOURNAL_ATTEMPTS {
        match broker.exchanges.answer(exchange, outcome).await {
            Ok(()) => return,
            Err(error) if attempt == JOURNAL_ATTEMPTS => {
                tracing::error!(event = "journal_lost", %error, "a vendor's answer is told without having been kept");
            }
            Err(_) => sleep(JOURNAL_PAUSE).await,
        }
    }
}

const EXCHANGE_UNKNOWN: &str = "The code was sent to the vendor and no answer is known. It is not sent again: \
                                fetch a new oauthUrl and let the user log in again.";

fn unknown_outcome() -> Outcome {
    Outcome::Refused(handshake::Refusal {
        reason: Reason::ExchangeUnknown.as_str().to_owned(),
        message: EXCHANGE_UNKNOWN.to_owned(),
        provider_message: None,
    })
}

fn answer(outcome: Outcome) -> Result<ExchangeResponse, Refusal> {
    match outcome {
        Outcome::Granted(grant) => Ok(reply(exchange_response::Outcome::Grant(to_wire(*grant)))),
        Outcome::Refused(refusal) => {
            let reason = Reason::from_text(&refusal.reason).unwrap_or(Reason::VendorRejected);
            let words = refusal.provider_message.unwrap_or_default();
            Err(Refusal::new(reason, refusal.message).with_provider_message(words))
        }
    }
}

fn reply(outcome: exchange_response::Outcome) -> ExchangeResponse {
    ExchangeResponse {
        outcome: Some(outcome),
    }
}

fn to_wire(grant: handshake::Grant) -> Grant {
    let clear = |secret: Option<SecretString>| {
        secret
            .map(|secret| secret.expose_secret().to_owned())
            .unwrap_or_default()
    };
    Grant {
        access_token: grant.access_token.expose_secret().to_owned(),
        refresh_token: clear(grant.refresh_token),
        expires_at: grant.expires_at.map(jiff::Timestamp::as_microsecond),
        scope: grant.scope,
        requested_at: grant.requested_at.as_microsecond(),
        api_key: grant.client_id,
        api_secret: clear(grant.client_secret),
        callback_url: grant.callback_url,
        parameters: grant.parameters.into_iter().collect(),
    }
}
