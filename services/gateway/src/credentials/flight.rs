//! One question to the registry, and everybody who waits for its answer.

use std::sync::Arc;
use std::time::Duration;

use ferrule_wire::Refusal;
use tokio::sync::watch;
use tokio::time::Instant;

use super::credential::Credential;

/// A question older than this takes no more passengers: they would get what was true before they came.
const BOARDING: Duration = Duration::from_secs(1);

pub(super) type Outcome = Result<Arc<Credential>, Refusal>;

/// A question that is under way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) asked: Instant,
    /// The version that the vendor refused, when that is why it was asked.
    refused: Option<i64>,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// The other end: who has the answer.
pub(super) type Landing = watch::Sender<Option<Outcome>>;

impl Flight {
    pub(super) fn new(refused: Option<i64>) -> (Self, Landing) {
        let (landing, outcome) = watch::channel(None);
        let flight = Self {
            asked: Instant::now(),
            refused,
            outcome,
        };
        (flight, landing)
    }

    /// Whether a call that asks the same may wait for this answer.
    pub(super) fn takes(&self, refused: Option<i64>) -> bool {
        self.refused == refused && self.asked.elapsed() < BOARDING
    }

    /// Whether this is the same question.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.outcome.same_channel(&other.outcome)
    }

    pub(super) async fn outcome(mut self) -> Outcome {
        let answered = self.outcome.wait_for(Option::is_some).await;
        match answered.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(Refusal::internal("a credential's resolution broke off")),
        }
    }
}
