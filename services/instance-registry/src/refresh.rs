//! One refresh of one instance (design, "No token is lost").
//!
//! Lease and intent are committed before anything leaves; the journal is asked before an old token is tried again;
//! what the vendor gave is kept, however long the commit takes. Run it in a task that outlives its caller.

use std::time::Duration;

use ferrule_seal::DataKey;
use ferrule_wire::v1::refresh_response::Outcome;
use ferrule_wire::{Reason, Refusal, v1, within};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use crate::app::{PROBE_INTERVAL, app_of, app_works};
use crate::configuration::{API_KEY, API_SECRET, CALLBACK_URL, Configuration};
use crate::instance_seal::InstanceSeal;
use crate::keep_pair::keep;
use crate::refresh_journal;
use crate::renewal::Renewal;
use crate::state::Registry;
use crate::store::{App, Gate, InstanceRow, PauseReason, StoreError};
use crate::verdict::{Verdict, record};

/// What the broker has for one refresh (design, "Errors").
const REFRESH_DEADLINE: Duration = Duration::from_secs(25);
/// An answer that is unknown after this time was given up, not cut off.
const SLOW: Duration = Duration::from_secs(15);
/// The broker listens to a slow vendor for less than this, and the lease lasts for longer.
const LISTENING: Duration = Duration::from_secs(50);
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
/// How often another replica's refresh is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// And for how long; whoever still waits then begins anew.
const LONGEST_LOOK: Duration = Duration::from_secs(10);
/// How often the journal is asked meanwhile: the other replica may be gone, and its answer there.
const ASK_THE_JOURNAL: Duration = Duration::from_secs(1);

/// One attempt at one row.
pub(crate) struct Attempt<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) row: &'a InstanceRow,
    /// Whose lease it is.
    pub(crate) owner: &'a str,
    pub(crate) key: DataKey,
    pub(crate) renewal: Renewal,
    pub(crate) app: App,
    pub(crate) configuration: Configuration,
}

/// A name for whoever takes a lease: one for every attempt, so that a late one is not taken for its successor.
pub(crate) fn new_owner(registry: &Registry) -> String {
    format!("{:032x}", u128::from_be_bytes(*registry.chance.bytes::<16>()))
}

/// Refreshes now, or, while another replica does, waits until it has.
pub(crate) async fn refresh_or_wait(registry: &Registry, mut row: InstanceRow) -> Result<(), Refusal> {
    let (version, owner) = (row.version, new_owner(registry));
    let (begun, mut asked) = (Instant::now(), Instant::now());
    while !refresh(registry, &row, &owner).await? && begun.elapsed() < LONGEST_LOOK {
        tokio::time::sleep(LOOK_AGAIN).await;
        match registry.store.by_id(row.organization_id, row.id).await? {
            Some(again) if again.version == version && again.lease_owner.is_some() => row = again,
            // A new pair, a verdict, or nothing to refresh any more.
            _ => break,
        }
        if row.intent.is_some() && asked.elapsed() >= ASK_THE_JOURNAL {
            asked = Instant::now();
            // A pair that was received is the instance's, whoever holds the lease. A journal that is away has none.
            if take_from_journal(registry, &row).await.unwrap_or(false) {
                break;
            }
        }
    }
    Ok(())
}

/// Refreshes under the lease. `false`: another has it, or the row has changed.
pub(crate) async fn refresh(registry: &Registry, row: &InstanceRow, owner: &str) -> Result<bool, Refusal> {
    let Some(attempt) = Attempt::open(registry, row, owner).await? else {
        return Ok(true);
    };
    let intent = attempt.renewal.intent();
    let _turn = registry.under_way.turn(&row.element_key).await;
    let mut begun = registry.store.begin_refresh(row, owner, intent).await;
    if begun.as_ref().is_err_and(StoreError::is_transient) {
        // The lease may be taken and its answer lost.
        begun = registry.store.begin_refresh(row, owner, intent).await;
    }
    let Some(begun_at) = begun? else {
        return Ok(false);
    };
    attempt.run(begun_at).await;
    Ok(true)
}

/// Takes what waits in the journal for a row whose intent is open. Whether anything did.
pub(crate) async fn take_from_journal(registry: &Registry, row: &InstanceRow) -> Result<bool, Refusal> {
    let Some(attempt) = Attempt::open(registry, row, "").await? else {
        return Ok(false);
    };
    match attempt.journal().await? {
        Some(grant) => keep(&attempt, grant, None).await,
        None => return Ok(false),
    }
    Ok(true)
}

impl<'a> Attempt<'a> {
    /// `None`: only a user can bring another pair.
    async fn open(
        registry: &'a Registry,
        row: &'a InstanceRow,
        owner: &'a str,
    ) -> Result<Option<Self>, Refusal> {
        let key = registry.data_keys.of(row.organization_id).await?;
        let seal = InstanceSeal::of_row(&key, row);
        let Some(renewal) = Renewal::open(registry, &seal, row)? else {
            return Ok(None);
        };
        let configuration = seal.open_configuration(row)?;
        Ok(Some(Self {
            registry,
            row,
            owner,
            app: app_of(row.organization_id, &row.element_key, &configuration),
            renewal,
            configuration,
            key,
        }))
    }

    async fn run(&self, begun_at: Timestamp) {
        let begun = Instant::now();
        if self.row.intent.is_some() {
            match self.journal().await {
                Ok(Some(grant)) => return keep(self, grant, None).await,
                Ok(None) => {}
                Err(_) => return record(self, Verdict::Unanswered).await,
            }
        }
        match self
            .registry
            .store
            .app_gate(self.app.client, PROBE_INTERVAL)
            .await
        {
            Ok(Gate::Open) => {}
            Ok(Gate::Paused { reason, left }) => {
                let verdict = match reason {
                    PauseReason::Misconfigured => Verdict::AppPaused { left },
                    PauseReason::Throttled => Verdict::AppThrottled { left },
                };
                return record(self, verdict).await;
            }
            Err(_) => return record(self, Verdict::NotSent).await,
        }
        let asked = Instant::now();
        match self.ask().await {
            Ok(grant) => keep(self, grant, Some(begun_at)).await,
            Err(Verdict::ReauthorizationRequired { words }) => self.make_sure(words, begun).await,
            Err(verdict) => self.conclude(verdict, asked).await,
        }
    }

    /// What follows where no tokens came.
    pub(crate) async fn conclude(&self, verdict: Verdict, asked: Instant) {
        match verdict {
            Verdict::Unanswered if asked.elapsed() >= SLOW => self.listen(asked).await,
            verdict => record(self, verdict).await,
        }
    }

    /// A vendor that is slow may answer yet, and then the broker has it: until it listens no longer, the journal is
    /// asked and the token is not tried again.
    async fn listen(&self, asked: Instant) {
        let stopping = &self.registry.stopping;
        while asked.elapsed() < LISTENING && !stopping.is_cancelled() {
            let _ = tokio::time::timeout(LISTEN_AGAIN, stopping.cancelled()).await;
            if let Ok(Some(grant)) = self.journal().await {
                return keep(self, grant, None).await;
            }
        }
        record(self, Verdict::Unanswered).await;
    }

    /// One token request.
    pub(crate) async fn ask(&self) -> Result<v1::Grant, Verdict> {
        let mut parameters = self.configuration.exposed();
        let mut take = |name| parameters.remove(name).unwrap_or_default();
        let (api_key, api_secret, callback_url) = (take(API_KEY), take(API_SECRET), take(CALLBACK_URL));
        let request = v1::RefreshRequest {
            organization_id: self.row.organization_id.0,
            instance_id: self.row.id.0,
            version: self.row.version,
            element: self.row.element_key.to_string(),
            api_key,
            api_secret,
            refresh_token: self
                .renewal
                .refresh_token()
                .map(|token| token.expose_secret().to_owned())
                .unwrap_or_default(),
            scope: self.row.tokens.scope.clone(),
            callback_url,
            parameters,
        };
        let mut broker = self.registry.broker.clone();
        match broker.refresh(within(REFRESH_DEADLINE, request)).await {
            Ok(answer) => match answer.into_inner().outcome {
                Some(Outcome::Grant(grant)) if !grant.access_token.is_empty() => Ok(grant),
                Some(Outcome::Verdict(verdict)) => Err(Verdict::read(verdict)),
                _ => Err(Verdict::Unanswered),
            },
            Err(status) => Err(unanswered(&status.into())),
        }
    }

    pub(crate) async fn journal(&self) -> Result<Option<v1::Grant>, Refusal> {
        refresh_journal::read(self.registry, self.row.id, self.row.version).await
    }

    /// The vendor has answered this app.
    pub(crate) async fn app_works(&self) {
        app_works(self.registry, &self.app).await;
    }
}

/// What a broker that did not answer means: whether the token request may have left.
fn unanswered(refusal: &Refusal) -> Verdict {
    match refusal.reason {
        Reason::VendorUnreachable | Reason::ElementUnknown | Reason::InvalidRequest => Verdict::NotSent,
        _ => Verdict::Unanswered,
    }
}
