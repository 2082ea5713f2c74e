//! How many calls an organization and an instance may make, a second and at once. None is limited unless set.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ferrule_model::{InstanceId, OrganizationId};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::credentials::Credential;
use crate::errors::ApiError;
use crate::meters;
use crate::settings::Limit;

/// When to come again where too many calls run at once: nobody knows when one ends.
const SOON: Duration = Duration::from_secs(1);

/// The limits in force.
#[derive(Debug)]
pub(crate) struct Limits {
    organization: Bounds<OrganizationId>,
    instance: Bounds<InstanceId>,
}

/// A call that counts as running until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    _organization: Option<Running<OrganizationId>>,
    _instance: Option<Running<InstanceId>>,
}

impl Limits {
    pub(crate) fn new(organization: Limit, instance: Limit) -> Self {
        Self {
            organization: Bounds::new(organization),
            instance: Bounds::new(instance),
        }
    }

    /// Counts a call, or says when to come again.
    pub(crate) fn admit(&self, credential: &Credential) -> Result<Permit, ApiError> {
        let of = |who| move |wait: Duration| too_many(who, wait);
        Ok(Permit {
            _organization: self
                .organization
                .admit(credential.organization)
                .map_err(of("organization"))?,
            _instance: self.instance.admit(credential.instance).map_err(of("instance"))?,
        })
    }

    /// Forgets who made no call of late.
    pub(crate) fn forget_quiet(&self) {
        self.organization.forget_quiet();
        self.instance.forget_quiet();
    }
}

fn too_many(who: &'static str, wait: Duration) -> ApiError {
    meters::limit_refused(who);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    ApiError::too_many(format!("Too many calls of this {who}."), seconds.max(1))
}

#[derive(Debug)]
struct Bounds<K: Hash + Eq + Clone> {
    rate: Option<DefaultKeyedRateLimiter<K>>,
    clock: DefaultClock,
    concurrency: Option<(u32, Arc<Counts<K>>)>,
}

type Counts<K> = Mutex<HashMap<K, u32>>;

impl<K: Hash + Eq + Copy> Bounds<K> {
    fn new(limit: Limit) -> Self {
        let rate = |rate: NonZeroU32| RateLimiter::keyed(Quota::per_second(rate));
        Self {
            rate: limit.rate.map(rate),
            clock: DefaultClock::default(),
            concurrency: limit.concurrency.map(|most| (most.get(), Arc::default())),
        }
    }

    fn admit(&self, key: K) -> Result<Option<Running<K>>, Duration> {
        let running = match &self.concurrency {
            Some((most, counts)) => Some(Running::start(key, *most, counts).ok_or(SOON)?),
            None => None,
        };
        if let Some(rate) = &self.rate {
            rate.check_key(&key)
                .map_err(|not_until| not_until.wait_time_from(self.clock.now()))?;
        }
        Ok(running)
    }

    fn forget_quiet(&self) {
        if let Some(rate) = &self.rate {
            rate.retain_recent();
        }
    }
}

#[derive(Debug)]
struct Running<K: Hash + Eq> {
    key: K,
    counts: Arc<Counts<K>>,
}

impl<K: Hash + Eq + Copy> Running<K> {
    fn start(key: K, most: u32, counts: &Arc<Counts<K>>) -> Option<Self> {
        let mut running = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = running.entry(key).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        drop(running);
        let counts = Arc::clone(counts);
        Some(Self { key, counts })
    }
}

impl<K: Hash + Eq> Drop for Running<K> {
    fn drop(&mut self) {
        let mut running = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = running.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                running.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(rate: Option<u32>, concurrency: Option<u32>) -> Limit {
        Limit {
            rate: rate.and_then(NonZeroU32::new),
            concurrency: concurrency.and_then(NonZeroU32::new),
        }
    }

    #[test]
    fn so_many_at_once_and_one_more_when_one_ends() {
        let bounds = Bounds::new(limit(None, Some(2)));
        let first = bounds.admit(1).unwrap();
        let _second = bounds.admit(1).unwrap();
        assert_eq!(bounds.admit(1).unwrap_err(), SOON);
        assert!(bounds.admit(2).is_ok(), "others have limits of their own");
        drop(first);
        assert!(bounds.admit(1).is_ok());
    }

    #[test]
    fn so_many_a_second_and_the_wait_is_told() {
        let bounds = Bounds::new(limit(Some(3), None));
        assert!((0..3).all(|_| bounds.admit(1).is_ok()));
        let wait = bounds.admit(1).unwrap_err();
        assert!(
            wait > Duration::ZERO && wait <= Duration::from_secs(1),
            "{wait:?}"
        );
        assert!(bounds.admit(2).is_ok());
    }

    #[test]
    fn unset_means_unlimited_and_nothing_is_kept() {
        let bounds = Bounds::new(Limit::default());
        assert!((0..10_000).all(|_| bounds.admit(1).unwrap().is_none()));
    }
}
