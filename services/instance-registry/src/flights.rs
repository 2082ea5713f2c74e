//! Work that an instance needs once at a time within this process, a refresh above all; everybody else waits for its
//! end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ferrule_model::InstanceId;
use tokio::sync::watch;

/// Work of one kind under way. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<InstanceId, watch::Receiver<()>>>>);

/// Work under way, seen by one who waits for it.
pub(crate) struct Flight(watch::Receiver<()>);

/// Held by the work itself; dropped, it has landed, whatever became of it.
pub(crate) struct Landing {
    flights: Flights,
    instance: InstanceId,
    _ends: watch::Sender<()>,
}

impl Flights {
    /// The flight of this instance. With a landing, it is the caller's to fly.
    pub(crate) fn join(&self, instance: InstanceId) -> (Flight, Option<Landing>) {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&instance) {
            return (Flight(flight.clone()), None);
        }
        let (ends, flight) = watch::channel(());
        flights.insert(instance, flight.clone());
        let landing = Landing {
            flights: self.clone(),
            instance,
            _ends: ends,
        };
        (Flight(flight), Some(landing))
    }
}

impl Flight {
    /// Returns when it has landed.
    pub(crate) async fn landed(mut self) {
        // Nothing is ever sent: the sender's end is the news.
        let _ = self.0.changed().await;
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = self.flights.0.lock().unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.instance);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_flies_and_the_others_learn_of_its_landing() {
        let flights = Flights::default();
        let (_, landing) = flights.join(InstanceId(1));
        let (waiting, second) = flights.join(InstanceId(1));
        assert!(landing.is_some() && second.is_none());
        assert!(flights.join(InstanceId(2)).1.is_some());
        drop(landing);
        waiting.landed().await;
        assert!(flights.join(InstanceId(1)).1.is_some());
    }
}
