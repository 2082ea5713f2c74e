//! A code becomes tokens, once (design: "One code, one instance").
//!
//! Claim the handshake, mark the exchange, send, keep the answer, tell it. Until the mark nothing has left, so
//! whoever repeats a call that died or was refused before it starts anew; from the mark on the code is never
//! sent again.

use std::time::Duration;

use ferrule_catalog::{Auth, Connector};
use ferrule_model::Digest;
use ferrule_wire::Refusal;
use ferrule_wire::v1::{ExchangeRequest, ExchangeResponse};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::claim::{Code, claim};
use crate::confirm::digest;
use crate::handshake::Progress;
use crate::journal;
use crate::oauth1;
use crate::refusals::{from_record, in_flight};
use crate::reply;
use crate::state::Broker;
use crate::token_request::{self, Answer};
use crate::without_user::{Proof, without_user};

/// How long a repeat waits for the call that came first.
pub(crate) const PATIENCE: Duration = Duration::from_secs(23);

/// Runs to its end whether or not the caller waits.
pub(crate) async fn exchange(broker: &Broker, request: ExchangeRequest) -> Result<ExchangeResponse, Refusal> {
    let worker = broker.clone();
    let work = async move { run(&worker, request).await };
    let work = broker.unfinished.spawn(work.in_current_span());
    work.await.unwrap_or_else(|error| Err(Refusal::internal(error)))
}

async fn run(broker: &Broker, request: ExchangeRequest) -> Result<ExchangeResponse, Refusal> {
    if let Some(proof) = Proof::of(broker, &request)? {
        return without_user(broker, request, proof).await;
    }
    let connector = broker.with_logins(&request.element)?;
    let exchange = digest(&request.digest)?;
    let patience = Instant::now() + PATIENCE;
    loop {
        // What ended before is told again, also when the handshake it came from is long over.
        if let Some(told) = ended(broker, exchange, patience).await? {
            return told;
        }
        let complete = broker.complete(connector).await?;
        let Some(code) = claim(broker, connector, exchange, &request).await? else {
            // The call that had it has ended since; or its mark is lost, and with it what the vendor said.
            let told = ended(broker, exchange, patience).await?;
            return told.unwrap_or_else(|| reply::outcome(reply::unknown()));
        };
        if broker.exchanges.start(exchange).await.map_err(from_record)? {
            return send(broker, &complete, exchange, code).await;
        }
    }
}

/// What an earlier call of this exchange came to, once it has; `None`: nothing has left yet.
async fn ended(
    broker: &Broker,
    exchange: Digest,
    patience: Instant,
) -> Result<Option<Result<ExchangeResponse, Refusal>>, Refusal> {
    let progress = broker
        .exchanges
        .wait(exchange, patience)
        .await
        .map_err(from_record)?;
    Ok(match progress {
        Progress::NotStarted => None,
        Progress::Answered(outcome) => Some(reply::outcome(outcome)),
        Progress::Confirmed => Some(Ok(reply::confirmed())),
        Progress::Unknown => Some(reply::outcome(reply::unknown())),
        Progress::InFlight => Some(Err(in_flight())),
    })
}

/// The token request is this call's to send.
async fn send(
    broker: &Broker,
    connector: &Connector,
    exchange: Digest,
    code: Code,
) -> Result<ExchangeResponse, Refusal> {
    let answer = match connector.auth {
        Auth::OAuth1(_) => oauth1::token_request::send(broker, connector, &code.claimed).await,
        _ => token_request::send(broker, connector, &code.claimed).await,
    };
    let outcome = match answer {
        Answer::Ended(outcome) => outcome,
        Answer::Unknown => reply::unknown(),
        Answer::NeverLeft(refusal) => {
            if let Some(key) = &code.handshake {
                let released = broker.handshakes.release(key, exchange).await;
                released.map_err(from_record)?;
            }
            broker.exchanges.abandon(exchange).await.map_err(from_record)?;
            return Err(refusal);
        }
    };
    journal::keep(broker, exchange, code.handshake, outcome.clone()).await;
    reply::outcome(outcome)
}
