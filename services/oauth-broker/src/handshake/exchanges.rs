//! The marks of exchanges: *started → answered → confirmed*. They stop a code from being sent twice, and keep
//! the vendor's answer until the registry has it.

use std::time::Duration;

use ferrule_model::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::outcome::Outcome;
use super::sealed::{Decision, RecordError, SealedStore};
use super::store::{Durability, Ttl};
use super::stored;

/// How long a mark, and an answer nobody confirms, is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// An exchange takes 20 s at most: one that is older ended without a word.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// As for handshakes: a mark from further in the future was made before the clock was moved back.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(100);

/// The marks, each under `exchange:` and the digest of its exchange. Clones share one store.
#[derive(Clone, Debug)]
pub struct Exchanges {
    records: SealedStore,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Mark {
    Started {
        #[serde(with = "stored")]
        at: Timestamp,
    },
    Answered {
        outcome: Outcome,
    },
    Confirmed,
}

/// How far an exchange is.
#[derive(Clone, Debug)]
pub enum Progress {
    /// No token request of it has left, and nobody is about to send one.
    NotStarted,
    /// A call is at it.
    InFlight,
    /// A call began it and left no answer in time. The request may have reached the vendor: nobody sends it
    /// again.
    Unknown,
    /// It ended so.
    Answered(Outcome),
    /// The registry has the tokens: read the row.
    Confirmed,
}

impl Exchanges {
    /// Marks in this store.
    pub fn new(records: SealedStore) -> Self {
        Self { records }
    }

    /// Marks the exchange as started, on the disk, unless there is a mark already; tells whether it did, so that
    /// the token request is the caller's to send. After an error nothing may be sent: a mark that came into
    /// being nevertheless is withdrawn, so that the code can still be used.
    pub async fn start(&self, digest: Digest) -> Result<bool, RecordError> {
        let now = self.records.clock().now();
        self.update(digest, |mark| match mark {
            None => Decision::Create(Mark::Started { at: now }, Ttl::Set(KEPT), true),
            Some(_) => Decision::Keep(false),
        })
        .await
    }

    /// As [`Exchanges::start`], for what may be sent again once nobody is at it any more.
    pub async fn start_again(&self, digest: Digest) -> Result<bool, RecordError> {
        let now = self.records.clock().now();
        self.update(digest, |mark| match mark {
            None => Decision::Create(Mark::Started { at: now }, Ttl::Set(KEPT), true),
            Some(mark) if matches!(mark.clone().progress(now), Progress::Unknown) => {
                Decision::Write(Mark::Started { at: now }, Ttl::Set(KEPT), true)
            }
            Some(_) => Decision::Keep(false),
        })
        .await
    }

    /// Keeps the vendor's answer, on the disk, for seven days or until [`Exchanges::confirm`]. It is kept
    /// whether or not the mark of the start survived; a confirmed one stays confirmed.
    pub async fn answer(&self, digest: Digest, outcome: &Outcome) -> Result<(), RecordError> {
        self.update(digest, |mark| match mark {
            Some(Mark::Confirmed) => Decision::Keep(()),
            _ => Decision::Write(
                Mark::Answered {
                    outcome: outcome.clone(),
                },
                Ttl::Set(KEPT),
                (),
            ),
        })
        .await
    }

    /// The token request never left: the mark goes, and the code is unspent.
    pub async fn abandon(&self, digest: Digest) -> Result<(), RecordError> {
        self.update(digest, |mark| match mark {
            Some(Mark::Started { .. }) => Decision::Remove(()),
            _ => Decision::Keep(()),
        })
        .await
    }

    /// The registry has committed: the answer is erased, the mark stays for seven days more.
    pub async fn confirm(&self, digest: Digest) -> Result<(), RecordError> {
        self.update(digest, |mark| match mark {
            Some(Mark::Confirmed) => Decision::Keep(()),
            _ => Decision::Write(Mark::Confirmed, Ttl::Set(KEPT), ()),
        })
        .await
    }

    /// Waits while another call is at the exchange, until `until` at most: then it is still
    /// [`Progress::InFlight`].
    pub async fn wait(&self, digest: Digest, until: Instant) -> Result<Progress, RecordError> {
        loop {
            let mark = self.records.read::<Mark>(&key(digest)).await?;
            let now = self.records.clock().now();
            match mark.map_or(Progress::NotStarted, |mark| mark.progress(now)) {
                Progress::InFlight if Instant::now() + POLL <= until => sleep(POLL).await,
                progress => return Ok(progress),
            }
        }
    }

    async fn update<T>(
        &self,
        digest: Digest,
        decide: impl Fn(Option<&Mark>) -> Decision<Mark, T>,
    ) -> Result<T, RecordError> {
        self.records.update(&key(digest), Durability::Disk, decide).await
    }
}

fn key(digest: Digest) -> String {
    format!("exchange:{}", digest.to_hex())
}

impl Mark {
    fn progress(self, now: Timestamp) -> Progress {
        match self {
            Self::Started { at } if now >= at + TIME_LIMIT || at > now + CLOCK_DIFFERENCE => {
                Progress::Unknown
            }
            Self::Started { .. } => Progress::InFlight,
            Self::Answered { outcome } => Progress::Answered(outcome),
            Self::Confirmed => Progress::Confirmed,
        }
    }
}
