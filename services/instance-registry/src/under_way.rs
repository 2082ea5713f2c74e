//! How many refreshes of one connector this process has under way at once, whoever began them: a slow vendor holds up
//! its own instances alone, and a thousand tokens that end together do not fall upon their vendor together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ferrule_model::ConnectorKey;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most of one connector.
const AT_ONCE: usize = 128;

/// What is under way. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<ConnectorKey, Arc<Semaphore>>>>);

impl UnderWay {
    /// Waits for a turn, which lasts until it is dropped.
    pub(crate) async fn turn(&self, connector: &ConnectorKey) -> Option<OwnedSemaphorePermit> {
        // Nobody closes a semaphore: there is always a turn.
        self.of(connector).acquire_owned().await.ok()
    }

    /// How many more may begin at once.
    pub(crate) fn room(&self, connector: &ConnectorKey) -> usize {
        self.of(connector).available_permits()
    }

    fn of(&self, connector: &ConnectorKey) -> Arc<Semaphore> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = all
            .entry(connector.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)));
        Arc::clone(turns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_connector_has_its_own_turns() {
        let under_way = UnderWay::default();
        let [slow, other]: [ConnectorKey; 2] = ["slow", "other"].map(|key| key.parse().unwrap());
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(under_way.turn(&slow).await);
        }
        assert_eq!((under_way.room(&slow), under_way.room(&other)), (0, AT_ONCE));
        drop(turns);
        assert_eq!(under_way.room(&slow), AT_ONCE);
    }
}
