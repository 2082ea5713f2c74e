//! What a double does before it answers: refuse, panic, or wait.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ferrule_wire::{Reason, Refusal};
use tokio::sync::Notify;
use tonic::Status;

#[derive(Default)]
pub(crate) struct Mood {
    refusal: Mutex<Option<Status>>,
    renewal: Mutex<Option<Status>>,
    panics: AtomicBool,
    holds: AtomicBool,
    calls: AtomicUsize,
    released: Notify,
}

impl Mood {
    /// From now on every call is refused.
    pub(crate) fn refuse(&self, reason: Reason, message: &str) {
        self.fail(Refusal::new(reason, message).into());
    }

    /// From now on every call ends in this status.
    pub(crate) fn fail(&self, status: Status) {
        *self.refusal.lock().unwrap() = Some(status);
    }

    /// From now on every call that brings a refused version is refused itself.
    pub(crate) fn refuse_renewals(&self, reason: Reason, message: &str) {
        *self.renewal.lock().unwrap() = Some(Refusal::new(reason, message).into());
    }

    /// What becomes of a renewal.
    pub(crate) fn renewal(&self) -> Result<(), Status> {
        self.renewal.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    /// From now on every call panics.
    pub(crate) fn panic(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    /// From now on every call waits for [`Mood::release`].
    pub(crate) fn hold(&self) {
        self.holds.store(true, Ordering::SeqCst);
    }

    pub(crate) fn release(&self) {
        self.released.notify_one();
    }

    /// How many calls came so far.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub(crate) async fn enter(&self) -> Result<(), Status> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics.load(Ordering::SeqCst), "the test said so");
        if self.holds.load(Ordering::SeqCst) {
            self.released.notified().await;
        }
        self.refusal.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}
