//! A vendor that rotates refresh tokens and kills the family when one is spent twice, with the broker's journal
//! before it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use ferrule_model::Clock;
use ferrule_wire::v1::refresh_response::Outcome;
use ferrule_wire::v1::verdict::Kind;
use ferrule_wire::v1::{
    ConfirmRefreshRequest, Grant, ReadJournalRequest, ReadJournalResponse, RefreshRequest, RefreshResponse,
    Verdict,
};
use tokio::sync::Semaphore;
use tonic::Status;

/// How the vendor, or the way to it, treats one token request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// This verdict, and nothing spent.
    Verdict(Verdict),
    /// The vendor grants, and its answer is lost for ever.
    AnswerLost,
    /// The vendor grants and the broker writes its journal; then the broker is gone.
    BrokerLost,
}

#[derive(Default)]
pub struct VendorDouble {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: Vec<RefreshRequest>,
    spent: HashSet<String>,
    /// Tokens that were spent twice.
    reused: Vec<String>,
    issued: u32,
    script: VecDeque<Behaviour>,
    journal: HashMap<(i64, i64), Grant>,
    journal_away: bool,
    lost_confirmations: u32,
    confirmed: Vec<(i64, i64)>,
    /// New access tokens live so long; `None`: for ever.
    lifetime: Option<Duration>,
    keeps_refresh_token: bool,
    gate: Option<Arc<Semaphore>>,
    held: usize,
}

/// A verdict of this kind, with the vendor's words.
pub fn verdict(kind: Kind, retry_after: Option<i64>) -> Behaviour {
    Behaviour::Verdict(Verdict {
        kind: kind.into(),
        retry_after,
        provider_message: "the vendor's words".into(),
    })
}

impl VendorDouble {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Token requests that reached the vendor.
    pub fn requests(&self) -> Vec<RefreshRequest> {
        self.state().requests.clone()
    }

    pub fn reused(&self) -> Vec<String> {
        self.state().reused.clone()
    }

    pub fn confirmed(&self) -> Vec<(i64, i64)> {
        self.state().confirmed.clone()
    }

    pub fn journal_is_empty(&self) -> bool {
        self.state().journal.is_empty()
    }

    /// What happens to the next token requests, one after the other.
    pub fn script(&self, behaviours: impl IntoIterator<Item = Behaviour>) {
        self.state().script.extend(behaviours);
    }

    pub fn live_for(&self, lifetime: Option<Duration>) {
        self.state().lifetime = lifetime;
    }

    pub fn keep_refresh_token(&self) {
        self.state().keeps_refresh_token = true;
    }

    pub fn set_journal_away(&self, away: bool) {
        self.state().journal_away = away;
    }

    pub fn lose_confirmations(&self, count: u32) {
        self.state().lost_confirmations = count;
    }

    /// Puts an answer into the journal, as a broker did whose registry is gone. The token counts as spent.
    pub fn wait_in_journal(&self, instance: i64, version: i64, spent: &str) {
        let mut state = self.state();
        state.spent.insert(spent.to_owned());
        let grant = state.grant();
        state.journal.insert((instance, version), grant);
    }

    /// From now on the vendor's answers are on their way until permits are added.
    pub fn hold_answers(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        self.state().gate = Some(Arc::clone(&gate));
        gate
    }

    /// Later requests are answered at once.
    pub fn answer_at_once(&self) {
        self.state().gate = None;
    }

    /// Answers on their way.
    pub fn held(&self) -> usize {
        self.state().held
    }

    pub async fn refresh(&self, request: RefreshRequest) -> Result<RefreshResponse, Status> {
        let place = (request.instance_id, request.version);
        let (outcome, behaviour, gate) = {
            let mut state = self.state();
            let behaviour = state.script.pop_front();
            let outcome = state.answer(&request, behaviour.as_ref());
            state.requests.push(request);
            (outcome, behaviour, state.gate.clone())
        };
        if let Some(gate) = gate {
            self.state().held += 1;
            gate.acquire().await.unwrap().forget();
            self.state().held -= 1;
        }
        if matches!(behaviour, Some(Behaviour::AnswerLost)) {
            return Err(Status::deadline_exceeded("no answer"));
        }
        if let Outcome::Grant(grant) = &outcome {
            self.state().journal.insert(place, grant.clone());
        }
        if matches!(behaviour, Some(Behaviour::BrokerLost)) {
            return Err(Status::unavailable("the broker is gone"));
        }
        Ok(RefreshResponse {
            outcome: Some(outcome),
        })
    }

    pub fn read_journal(&self, request: &ReadJournalRequest) -> Result<ReadJournalResponse, Status> {
        let state = self.state();
        if state.journal_away {
            return Err(Status::unavailable("the journal is away"));
        }
        let grant = state
            .journal
            .get(&(request.instance_id, request.version))
            .cloned();
        Ok(ReadJournalResponse { grant })
    }

    pub fn confirm(&self, request: &ConfirmRefreshRequest) -> Result<(), Status> {
        let mut state = self.state();
        if state.lost_confirmations > 0 {
            state.lost_confirmations -= 1;
            return Err(Status::unavailable("the broker is away"));
        }
        let place = (request.instance_id, request.version);
        state.journal.remove(&place);
        state.confirmed.push(place);
        Ok(())
    }
}

impl State {
    fn answer(&mut self, request: &RefreshRequest, behaviour: Option<&Behaviour>) -> Outcome {
        if let Some(Behaviour::Verdict(verdict)) = behaviour {
            return Outcome::Verdict(verdict.clone());
        }
        if request.refresh_token.is_empty() {
            // The app itself.
            let refresh_token = String::new();
            return Outcome::Grant(Grant {
                refresh_token,
                ..self.grant()
            });
        }
        if !self.keeps_refresh_token && !self.spent.insert(request.refresh_token.clone()) {
            self.reused.push(request.refresh_token.clone());
            return Outcome::Verdict(Verdict {
                kind: Kind::ReauthorizationRequired.into(),
                retry_after: None,
                provider_message: "invalid_grant".into(),
            });
        }
        Outcome::Grant(self.grant())
    }

    fn grant(&mut self) -> Grant {
        self.issued += 1;
        let now = Clock::system().now().as_microsecond();
        let lifetime = self
            .lifetime
            .map(|lifetime| i64::try_from(lifetime.as_micros()).unwrap());
        Grant {
            access_token: format!("refreshed-access-token-{}", self.issued),
            refresh_token: if self.keeps_refresh_token {
                String::new()
            } else {
                format!("refreshed-refresh-token-{}", self.issued)
            },
            expires_at: lifetime.map(|lifetime| now + lifetime),
            requested_at: now,
            ..Grant::default()
        }
    }
}
