//! A vendor's answer is written down before anyone is told (design: "Journal").

use std::pin::pin;
use std::time::Duration;

use ferrule_model::Digest;
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;

use crate::handshake::{Grant, HandshakeKey, Outcome, RecordError};
use crate::state::Broker;
use crate::under_way::Turn;
use crate::verdict::Refreshed;

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
        if let Err(error) = write(|| worker.exchanges.answer(exchange, &outcome), || ()).await {
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

/// Keeps the new pair of a refresh, then tells it. Where the store does not take it at once it is told all the
/// same, and the writing goes on, until the registry has the pair.
pub(crate) async fn keep_refresh(broker: &Broker, turn: Turn, grant: Box<Grant>) {
    if let Err(error) = keep_and_tell(broker, &turn, &grant).await {
        tracing::error!(event = "journal_lost", %error, "a vendor's answer could not be kept");
    }
    let spent = turn.spent();
    let confirmed = turn.is_over();
    turn.end(Ok(Refreshed::Granted(grant)));
    // What was written while the registry confirmed would stay for seven days.
    if confirmed && let Err(error) = broker.refreshes.erase(spent).await {
        tracing::warn!(%error, "a confirmed answer stays in the journal until its time is over");
    }
}

/// Returns once it is kept, or never will be; tells it as soon as that takes longer than it should.
async fn keep_and_tell(broker: &Broker, turn: &Turn, grant: &Grant) -> Result<(), RecordError> {
    let behind = || {
        tracing::error!(
            event = "journal_late",
            "a vendor's answer is told before it was kept"
        );
        turn.tell(Ok(Refreshed::Granted(Box::new(grant.clone()))));
    };
    let attempt = || async {
        if turn.is_over() {
            return Ok(());
        }
        broker.refreshes.keep(turn.spent(), grant).await
    };
    let mut writing = pin!(write(attempt, behind));
    if let Ok(kept) = timeout(PATIENCE, &mut writing).await {
        return kept;
    }
    behind();
    writing.await
}

/// Writes until it succeeds, fails for good, or has lasted too long; `behind` is called when the first attempt
/// has failed.
async fn write<A: Future<Output = Result<(), RecordError>>>(
    attempt: impl Fn() -> A,
    behind: impl Fn(),
) -> Result<(), RecordError> {
    let mut attempts = 1..ATTEMPTS;
    loop {
        match attempt().await {
            Err(error) if error.is_unavailable() => match attempts.next() {
                Some(1) => behind(),
                Some(_) => {}
                None => return Err(error),
            },
            ended => return ended,
        }
        sleep(PAUSE).await;
    }
}
