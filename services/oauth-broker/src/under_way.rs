//! Refreshes under way in this process, so that of all calls for one pair one asks the vendor.
//!
//! A new pair is remembered here until it is kept in the store; so also while the store is away.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ferrule_wire::Refusal;
use tokio::sync::watch;

use crate::handshake::{Grant, SpentPair};
use crate::verdict::Refreshed;

/// What every call for the pair is told.
pub(crate) type Told = Result<Refreshed, Refusal>;

type Board = watch::Sender<Option<Told>>;

/// All of them. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashMap<SpentPair, Arc<Board>>>>);

/// The right to ask the vendor, from the first call until it is dropped.
pub(crate) struct Turn {
    under_way: UnderWay,
    spent: SpentPair,
    board: Arc<Board>,
}

impl UnderWay {
    /// Where it will be told what came of the refresh, and the turn if nobody has it. A turn that ends without a
    /// word closes the board.
    pub(crate) fn join(&self, spent: SpentPair) -> (watch::Receiver<Option<Told>>, Option<Turn>) {
        match self.boards().entry(spent) {
            Entry::Occupied(board) => (board.get().subscribe(), None),
            Entry::Vacant(place) => {
                let board = Arc::clone(place.insert(Arc::new(Board::new(None))));
                let turn = Turn {
                    under_way: self.clone(),
                    spent,
                    board: Arc::clone(&board),
                };
                (board.subscribe(), Some(turn))
            }
        }
    }

    /// The new pair, where it was told and may not be kept yet.
    pub(crate) fn granted(&self, spent: SpentPair) -> Option<Grant> {
        match &*self.boards().get(&spent)?.borrow() {
            Some(Ok(Refreshed::Granted(grant))) => Some(Grant::clone(grant)),
            _ => None,
        }
    }

    /// The registry has the new pair: it need not be kept any more.
    pub(crate) fn forget(&self, spent: SpentPair) {
        self.boards().remove(&spent);
    }

    fn boards(&self) -> MutexGuard<'_, HashMap<SpentPair, Arc<Board>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The pair that it is about.
    pub(crate) fn spent(&self) -> SpentPair {
        self.spent
    }

    /// Tells it to all who wait and to all who come before the turn ends. A later word replaces an earlier one.
    pub(crate) fn tell(&self, told: Told) {
        self.board.send_replace(Some(told));
    }

    /// Tells it as the last word. Whoever comes afterwards has a turn of its own.
    pub(crate) fn end(self, told: Told) {
        let board = Arc::clone(&self.board);
        drop(self);
        board.send_replace(Some(told));
    }

    /// Whether it was forgotten.
    pub(crate) fn is_over(&self) -> bool {
        let boards = self.under_way.boards();
        !boards
            .get(&self.spent)
            .is_some_and(|board| Arc::ptr_eq(board, &self.board))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over() {
            self.under_way.forget(self.spent);
        }
    }
}

#[cfg(test)]
mod tests {
    use ferrule_model::InstanceId;
    use ferrule_wire::Reason;

    use super::*;

    fn pair(version: i64) -> SpentPair {
        SpentPair {
            instance: InstanceId(1),
            version,
        }
    }

    fn refusal() -> Refusal {
        Refusal::internal("a test")
    }

    #[tokio::test]
    async fn one_has_the_turn_and_all_are_told() {
        let under_way = UnderWay::default();
        let (mut first, turn) = under_way.join(pair(1));
        let turn = turn.unwrap();
        let (mut second, none) = under_way.join(pair(1));
        assert!(none.is_none(), "the turn is taken");
        assert!(
            under_way.join(pair(2)).1.is_some(),
            "another pair is another matter"
        );
        turn.end(Err(refusal()));
        for told in [&mut first, &mut second] {
            assert!(told.wait_for(Option::is_some).await.is_ok());
        }
        assert!(under_way.join(pair(1)).1.is_some(), "the turn is free again");
    }

    #[tokio::test]
    async fn who_comes_before_the_end_is_told_the_latest_word() {
        let under_way = UnderWay::default();
        let turn = under_way.join(pair(1)).1.unwrap();
        for reason in [Reason::Unavailable, Reason::Sealed] {
            turn.tell(Err(Refusal::new(reason, "")));
            let (mut told, none) = under_way.join(pair(1));
            assert!(none.is_none());
            let told = told.wait_for(Option::is_some).await.unwrap().clone();
            assert_eq!(told.unwrap().unwrap_err().reason, reason);
        }
    }

    #[tokio::test]
    async fn a_turn_that_ends_without_a_word_keeps_nobody_waiting() {
        let under_way = UnderWay::default();
        let (mut told, turn) = under_way.join(pair(1));
        drop(turn);
        assert!(told.wait_for(Option::is_some).await.is_err());
    }

    #[test]
    fn a_forgotten_turn_does_not_end_its_successor() {
        let under_way = UnderWay::default();
        let (_, turn) = under_way.join(pair(1));
        under_way.forget(pair(1));
        let (_, successor) = under_way.join(pair(1));
        drop(turn);
        assert!(successor.is_some_and(|turn| !turn.is_over()));
    }
}
