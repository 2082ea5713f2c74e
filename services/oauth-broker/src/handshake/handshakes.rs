//! Handshakes, up to the claim: begin, attach, deny.

use std::sync::OnceLock;
use std::time::Duration;

use ferrule_model::{ConnectorKey, Digest, OrganizationId};
use metrics::Counter;
use secrecy::{ExposeSecret as _, SecretString};

use super::record::{AuthorizationRequest, Callback, Denial, Form, Handshake, LIFETIME, Stage};
use super::sealed::{Decision, RecordError, SealedStore};
use super::store::{Durability, Ttl};

/// Entries outlive their handshakes by this, so that expired can be told from unknown.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Counts steps of handshakes.
pub(crate) const HANDSHAKES: &str = "ferrule_handshakes_total";

/// One handshake has come to this step.
pub(super) fn count(step: &'static str) {
    counter(step).increment(1);
}

fn counter(step: &'static str) -> Counter {
    metrics::counter!(HANDSHAKES, "step" => step)
}

/// The handshakes of every connector. Clones share one store.
#[derive(Clone, Debug)]
pub struct Handshakes {
    pub(super) records: SealedStore,
}

/// Where a handshake lies: `handshake:` and a digest, so that no key shows a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeKey(String);

impl HandshakeKey {
    /// By a state that Ferrule made.
    pub fn of_state(state: &SecretString) -> Self {
        let digest = Digest::builder("handshake by state")
            .field(state.expose_secret())
            .finish();
        Self(format!("handshake:{}", digest.to_hex()))
    }

    /// By a state of the caller's own, which need not be unique: of two with equal fields the newer one stands.
    pub fn of_callers_state(
        organization_id: OrganizationId,
        connector: &ConnectorKey,
        client_id: &str,
        callback_url: &str,
        state: &SecretString,
    ) -> Self {
        let digest = Digest::builder("handshake by caller's state")
            .field(organization_id.0.to_be_bytes())
            .field(connector.as_str())
            .field(client_id)
            .field(callback_url)
            .field(state.expose_secret())
            .finish();
        Self(format!("handshake:{}", digest.to_hex()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What became of a callback. Only `Attached` changed anything.
#[derive(Debug)]
pub enum Attach<R> {
    /// It is attached now.
    Attached(Box<AuthorizationRequest>),
    /// The same callback came before and nobody claimed it yet: send the browser the same way.
    AttachedBefore(Box<AuthorizationRequest>),
    /// The caller's check refused it.
    Refused(R),
    /// Another callback came before, or this one and it was claimed.
    Spent,
    /// It came too late.
    Expired,
    /// There is no such handshake on the hosted form.
    Unknown,
}

impl Handshakes {
    /// Handshakes in this store.
    pub fn new(records: SealedStore) -> Self {
        Self { records }
    }

    /// Remembers what a URL was made from, for ten minutes. One write.
    pub async fn begin(&self, key: &HandshakeKey, request: AuthorizationRequest) -> Result<(), RecordError> {
        static BEGUN: OnceLock<Counter> = OnceLock::new();
        let handshake = Handshake::new(request, self.records.clock().now());
        self.records
            .put(
                key.as_str(),
                &handshake,
                LIFETIME + REMEMBERED,
                Durability::Process,
            )
            .await?;
        BEGUN.get_or_init(|| counter("begun")).increment(1);
        Ok(())
    }

    /// The handshake as it stands, expired or not.
    pub async fn find(&self, key: &HandshakeKey) -> Result<Option<Handshake>, RecordError> {
        self.records.read(key.as_str()).await
    }

    /// Takes the code that came to the hosted callback, once. `check` sees what was agreed (connector, browser,
    /// issuer) before anything else is answered.
    pub async fn attach<R>(
        &self,
        key: &HandshakeKey,
        callback: &Callback,
        check: impl Fn(&AuthorizationRequest) -> Result<(), R>,
    ) -> Result<Attach<R>, RecordError> {
        let now = self.records.clock().now();
        let attached = Stage::Attached {
            callback: callback.clone(),
            at: now,
        };
        self.come_back(key, attached, check, |stage| match stage {
            Stage::Attached { callback: before, .. } => before.is_same(callback),
            _ => false,
        })
        .await
    }

    /// Takes a refusal that came to the hosted callback, once; otherwise as [`Handshakes::attach`].
    pub async fn deny<R>(
        &self,
        key: &HandshakeKey,
        denial: &Denial,
        check: impl Fn(&AuthorizationRequest) -> Result<(), R>,
    ) -> Result<Attach<R>, RecordError> {
        self.come_back(key, Stage::Denied(denial.clone()), check, |_| false)
            .await
    }

    async fn come_back<R>(
        &self,
        key: &HandshakeKey,
        next: Stage,
        check: impl Fn(&AuthorizationRequest) -> Result<(), R>,
        same: impl Fn(&Stage) -> bool,
    ) -> Result<Attach<R>, RecordError> {
        let now = self.records.clock().now();
        let step = if matches!(next, Stage::Denied(_)) {
            "denied"
        } else {
            "attached"
        };
        let answer = self.update(key, Attach::Unknown, |handshake| {
            let request = || Box::new(handshake.request.clone());
            if !matches!(handshake.request.form, Form::Hosted { .. }) {
                return Decision::Keep(Attach::Unknown);
            }
            if let Err(refusal) = check(&handshake.request) {
                return Decision::Keep(Attach::Refused(refusal));
            }
            match &handshake.stage {
                _ if handshake.is_expired(now) => Decision::Keep(Attach::Expired),
                Stage::Pending => {
                    Decision::Write(handshake.at(next.clone()), Ttl::Keep, Attach::Attached(request()))
                }
                stage if same(stage) => Decision::Keep(Attach::AttachedBefore(request())),
                _ => Decision::Keep(Attach::Spent),
            }
        });
        let answer = answer.await?;
        if matches!(answer, Attach::Attached(_)) {
            count(step);
        }
        Ok(answer)
    }

    /// One compare-and-set loop; `unknown` is the answer where there is no handshake.
    pub(super) async fn update<T>(
        &self,
        key: &HandshakeKey,
        unknown: T,
        decide: impl Fn(&Handshake) -> Decision<Handshake, T>,
    ) -> Result<T, RecordError> {
        let answer = self
            .records
            .update(key.as_str(), Durability::Process, |held| {
                match held.map(&decide) {
                    None => Decision::Keep(None),
                    Some(Decision::Keep(answer)) => Decision::Keep(Some(answer)),
                    Some(Decision::Write(handshake, ttl, answer)) => {
                        Decision::Write(handshake, ttl, Some(answer))
                    }
                    Some(Decision::Create(handshake, ttl, answer)) => {
                        Decision::Create(handshake, ttl, Some(answer))
                    }
                    Some(Decision::Remove(answer)) => Decision::Remove(Some(answer)),
                }
            })
            .await?;
        Ok(answer.unwrap_or(unknown))
    }
}
