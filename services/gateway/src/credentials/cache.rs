//! The credentials at hand, by the digests of everything that was presented.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ferrule_catalog::Catalog;
use ferrule_model::{Chance, Clock, InstanceId};
use ferrule_wire::{Reason, Refusal, RegistryClient, within};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::asker::Asker;
use super::credential::{Credential, believed};
use super::flight::{Flight, Landing, Outcome};
use crate::meters;
use crate::proxy::Breakers;

/// How long a call waits for a credential.
const WAIT: Duration = Duration::from_secs(10);

/// A change is remembered for as long as a question from before it may still be under way.
const CHANGE_REMEMBERED: Duration = Duration::from_secs(12);

/// So that calls of different instances seldom meet at one lock, which is never held across an await.
const SHARDS: usize = 64;

/// Hands out credentials. A clone shares them.
#[derive(Clone, Debug)]
pub(crate) struct Credentials(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: RegistryClient,
    catalog: Catalog,
    clock: Clock,
    chance: Chance,
    breakers: Breakers,
    shards: [Mutex<HashMap<Asker, Slot>>; SHARDS],
    changes: Changes,
}

#[derive(Debug, Default)]
struct Slot {
    kept: Option<Arc<Credential>>,
    /// Those under way; more than one when a renewal or an old one is among them.
    flights: Vec<Flight>,
}

impl Slot {
    fn is_empty(&self) -> bool {
        self.kept.is_none() && self.flights.is_empty()
    }
}

impl Credentials {
    pub(crate) fn new(registry: RegistryClient, catalog: Catalog, clock: Clock, chance: Chance) -> Self {
        Self(Arc::new(Inner {
            registry,
            catalog,
            clock,
            chance,
            breakers: Breakers::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            changes: Changes::default(),
        }))
    }

    /// The vendor's credential for this asker, if it is at hand.
    pub(crate) fn at_hand(&self, asker: Asker) -> Option<Arc<Credential>> {
        self.0.kept(asker)
    }

    /// The registry's answer for this asker.
    pub(crate) async fn ask(&self, asker: Asker) -> Outcome {
        self.wait(asker, None).await
    }

    /// The credential after one that the vendor answered with 401: the same version where there is no newer one.
    pub(crate) async fn renew(&self, asker: Asker, refused: &Arc<Credential>) -> Outcome {
        self.0.evict(asker, refused.version);
        match self.0.kept(asker) {
            Some(newer) => Ok(newer),
            None => self.wait(asker, Some(refused.version)).await,
        }
    }

    /// As [`Self::renew`], for a call that cannot be repeated: the next one finds what came of it.
    pub(crate) fn renew_for_the_next(&self, asker: Asker, refused: &Arc<Credential>) {
        self.0.evict(asker, refused.version);
        if self.0.kept(asker).is_none() {
            self.0.clone().board(asker, Some(refused.version));
        }
    }

    /// Forgets whatever was learned of an instance before now.
    pub(crate) fn changed(&self, instance: InstanceId) {
        self.0.changes.note(instance);
        for shard in &self.0.shards {
            lock(shard).retain(|_, slot| {
                slot.kept.take_if(|kept| kept.instance == instance);
                !slot.is_empty()
            });
        }
        let inner = Arc::clone(&self.0);
        tokio::spawn(async move {
            tokio::time::sleep(CHANGE_REMEMBERED).await;
            inner.changes.forget_old();
        });
    }

    async fn wait(&self, asker: Asker, refused: Option<i64>) -> Outcome {
        let waiting = async {
            loop {
                let outcome = self.0.clone().board(asker, refused).outcome().await;
                match outcome {
                    Ok(credential) if self.0.changes.supersede(&credential) => {}
                    outcome => return outcome,
                }
            }
        };
        tokio::time::timeout(WAIT, waiting).await.unwrap_or_else(|_| {
            let words = "The instance's credential was not to be had in time. Try again in a moment.";
            Err(Refusal::new(Reason::Unavailable, words))
        })
    }
}

impl Inner {
    fn shard(&self, asker: Asker) -> MutexGuard<'_, HashMap<Asker, Slot>> {
        lock(&self.shards[usize::from(asker.byte()) % SHARDS])
    }

    fn kept(&self, asker: Asker) -> Option<Arc<Credential>> {
        let kept = self.shard(asker).get(&asker)?.kept.clone()?;
        let is_good = kept.until > Instant::now() && !self.changes.supersede(&kept);
        is_good.then(|| {
            meters::credential_hit();
            kept
        })
    }

    fn evict(&self, asker: Asker, version: i64) {
        if let Some(slot) = self.shard(asker).get_mut(&asker) {
            slot.kept.take_if(|kept| kept.version == version);
        }
    }

    /// The question that is under way, or a new one.
    fn board(self: Arc<Self>, asker: Asker, refused: Option<i64>) -> Flight {
        let mut shard = self.shard(asker);
        let slot = shard.entry(asker).or_default();
        if let Some(flight) = slot.flights.iter().find(|flight| flight.takes(refused)) {
            return flight.clone();
        }
        let (flight, landing) = Flight::new(refused);
        slot.flights.push(flight.clone());
        meters::credential_miss();
        drop(shard);
        // A task of its own: a caller who leaves takes nobody's answer along.
        let asking = self.ask(asker, refused, flight.clone(), landing);
        tokio::spawn(asking.in_current_span());
        flight
    }

    async fn ask(self: Arc<Self>, asker: Asker, refused: Option<i64>, flight: Flight, landing: Landing) {
        let outcome = self.resolve(asker, refused, flight.asked).await;
        self.land(asker, &flight, outcome.as_ref().ok());
        landing.send_replace(Some(outcome));
    }

    async fn resolve(&self, asker: Asker, refused_version: Option<i64>, moment: Instant) -> Outcome {
        let request = asker.request(refused_version);
        let answer = self.registry.clone().resolve(within(WAIT, request)).await;
        let answer = answer.map_err(|status| asker.refusal(status))?.into_inner();
        let (now, believed) = (self.clock.now(), believed(&self.chance));
        Credential::new(answer, &self.catalog, &self.breakers, moment, now, believed).map(Arc::new)
    }

    /// Ends the question, and keeps its answer for as long as it may be believed.
    fn land(self: &Arc<Self>, asker: Asker, flight: &Flight, answer: Option<&Arc<Credential>>) {
        let keep = answer.filter(|answer| answer.until > Instant::now() && !self.changes.supersede(answer));
        let mut shard = self.shard(asker);
        let slot = shard.entry(asker).or_default();
        slot.flights.retain(|other| !other.is(flight));
        if let Some(answer) = keep
            && slot.kept.as_ref().is_none_or(|kept| kept.asked <= answer.asked)
        {
            slot.kept = Some(Arc::clone(answer));
            tokio::spawn(Arc::clone(self).forget(asker, answer.until));
        }
        if slot.is_empty() {
            shard.remove(&asker);
        }
    }

    /// Wipes what is no longer believed, whether or not anybody asks again.
    async fn forget(self: Arc<Self>, asker: Asker, until: Instant) {
        tokio::time::sleep_until(until).await;
        let mut shard = self.shard(asker);
        if let Some(slot) = shard.get_mut(&asker) {
            slot.kept.take_if(|kept| kept.until <= until);
            if slot.is_empty() {
                shard.remove(&asker);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that panics runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When instances were changed by way of this gateway: what the registry said before that no longer counts.
#[derive(Debug, Default)]
struct Changes {
    at: Mutex<HashMap<InstanceId, Instant>>,
    /// How many there are: none, nearly always.
    count: AtomicUsize,
}

impl Changes {
    fn note(&self, instance: InstanceId) {
        let mut at = lock(&self.at);
        at.insert(instance, Instant::now());
        self.count.store(at.len(), Ordering::Release);
    }

    fn forget_old(&self) {
        let mut at = lock(&self.at);
        at.retain(|_, at| at.elapsed() < CHANGE_REMEMBERED);
        self.count.store(at.len(), Ordering::Release);
    }

    fn supersede(&self, credential: &Credential) -> bool {
        if self.count.load(Ordering::Acquire) == 0 {
            return false;
        }
        let changed = lock(&self.at).get(&credential.instance).copied();
        changed.is_some_and(|changed| credential.asked <= changed)
    }
}
