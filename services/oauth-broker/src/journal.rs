//! A vendor's answer is written down before anyone is told (design: "Journal").

use std::time::Duration;

use ferrule_model::Digest;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use crate::handshake::{HandshakeKey, Outcome, RecordError};
use crate::state::Broker;

/// How long the caller waits for the store to take the answer: with the vendor's 20 s less than the caller's
/// deadline of 25 s.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often, and how long apart, an answer is written that the store does not take: for a minute at least.
const ATTEMPTS: u32 = 240;
const PAUSE: Duration = Duration::from_millis(250);

/// Keeps the answer, then ends the handshake it came from. Where the store is away the caller is told all the same
/// after a moment, since its commit is then the only copy, and the writing goes on.
pub(crate) async fn keep(
    broker: &Broker,
    exchange: Digest,
    handshake: Option<HandshakeKey>,
    outcome: Outcome,
) {
    let worker = broker.clone();
    let writing = async move {
        if let Err(error) = write(&worker, exchange, &outcome).await {
            tracing::error!(event = "journal_lost", %error, "a vendor's answer could not be kept");
            return;
        }
        if let Some(key) = handshake
            && let Err(error) = worker.handshakes.finish(&key, exchange).await
        {
            tracing::warn!(%error, "a handshake whose exchange ended could not be marked as done");
        }
    };
    let writing = broker.unfinished.spawn(writing.in_current_span());
    if timeout(PATIENCE, writing).await.is_err() {
        tracing::error!(
            event = "journal_late",
            "a vendor's answer is told before it was kept"
        );
    }
}

async fn write(broker: &Broker, exchange: Digest, outcome: &Outcome) -> Result<(), RecordError> {
    let mut attempts = 1..ATTEMPTS;
    loop {
        match broker.exchanges.answer(exchange, outcome).await {
            Err(error) if error.is_unavailable() && attempts.next().is_some() => sleep(PAUSE).await,
            ended => return ended,
        }
    }
}
