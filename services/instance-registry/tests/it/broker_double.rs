//! A broker that grants what it is asked for, counts, and fails on demand.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ferrule_wire::v1::exchange_response::Outcome;
use ferrule_wire::v1::oauth_broker_server::{OauthBroker, OauthBrokerServer};
use ferrule_wire::v1::{
    AuthorizeRequest, AuthorizeResponse, CallbackRequest, CallbackResponse, ConfirmRefreshRequest,
    ConfirmRefreshResponse, ConfirmRequest, ConfirmResponse, Confirmed, ExchangeRequest, ExchangeResponse,
    FindOutcomeRequest, FindOutcomeResponse, Grant, ReadJournalRequest, ReadJournalResponse, RefreshRequest,
    RefreshResponse, RequestTokenRequest, RequestTokenResponse, RevokeRequest, RevokeResponse,
};
use ferrule_wire::{Reason, Refusal};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, async_trait};

use crate::vendor_double::VendorDouble;

/// The double. Clones share everything.
#[derive(Clone, Default)]
pub struct BrokerDouble(Arc<Inner>);

#[derive(Default)]
pub struct Inner {
    answers: Mutex<HashMap<Vec<u8>, Answer>>,
    exchanged: Mutex<Vec<ExchangeRequest>>,
    revoked: Mutex<Vec<RevokeRequest>>,
    token_requests: AtomicU32,
    confirmations: AtomicU32,
    /// How many of the next confirmations fail.
    lost_confirmations: AtomicU32,
    /// How many of the next revocations fail.
    failed_revocations: AtomicU32,
    /// What the vendor says instead of a grant.
    refusal: Mutex<Option<Refusal>>,
    /// While set, an exchange has its answer and waits here before it replies.
    gate: Mutex<Option<Arc<Semaphore>>>,
    waiting: AtomicU32,
    /// When the tokens of an exchange were asked for and when they end; `None`: in 2033.
    times: Mutex<Option<(i64, Option<i64>)>>,
    without_refresh_tokens: AtomicBool,
    vendor: VendorDouble,
}

struct Answer {
    grant: Grant,
    confirmed: bool,
}

impl BrokerDouble {
    pub fn service(&self) -> OauthBrokerServer<Self> {
        OauthBrokerServer::new(self.clone())
    }

    /// What refreshes meet.
    pub fn vendor(&self) -> &VendorDouble {
        &self.0.vendor
    }

    /// From now on, exchanged tokens were asked for at this moment and end at that one, in microseconds.
    pub fn grant_at(&self, requested_at: i64, expires_at: Option<i64>) {
        *self.0.times.lock().unwrap() = Some((requested_at, expires_at));
    }

    pub fn without_refresh_tokens(&self) {
        self.0.without_refresh_tokens.store(true, Ordering::SeqCst);
    }

    /// Token requests that reached the vendor.
    pub fn token_requests(&self) -> u32 {
        self.0.token_requests.load(Ordering::SeqCst)
    }

    /// Digests that were confirmed, repeats included.
    pub fn confirmations(&self) -> u32 {
        self.0.confirmations.load(Ordering::SeqCst)
    }

    pub fn exchanged(&self) -> Vec<ExchangeRequest> {
        self.0.exchanged.lock().unwrap().clone()
    }

    pub fn revoked(&self) -> Vec<RevokeRequest> {
        self.0.revoked.lock().unwrap().clone()
    }

    pub fn lose_confirmations(&self, count: u32) {
        self.0.lost_confirmations.store(count, Ordering::SeqCst);
    }

    pub fn fail_revocations(&self, count: u32) {
        self.0.failed_revocations.store(count, Ordering::SeqCst);
    }

    pub fn refuse(&self, refusal: Option<Refusal>) {
        *self.0.refusal.lock().unwrap() = refusal;
    }

    /// Holds every reply back until permits are added.
    pub fn hold_replies(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.0.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    pub fn reply_at_once(&self) {
        *self.0.gate.lock().unwrap() = None;
    }

    /// Exchanges whose answer is there and not replied.
    pub fn waiting(&self) -> u32 {
        self.0.waiting.load(Ordering::SeqCst)
    }

    /// What the vendor grants for the n-th token request.
    fn grant(&self, request: &ExchangeRequest) -> Grant {
        let n = self.0.token_requests.fetch_add(1, Ordering::SeqCst) + 1;
        let hosted = !request.handshake.is_empty();
        let or = |own: &str, hosted_value: &str| if hosted { hosted_value } else { own }.to_owned();
        let mut parameters = request.parameters.clone();
        parameters.retain(|name, _| name == "shop");
        let app_alone = request.digest.is_empty();
        let refresh_token = if app_alone || self.0.without_refresh_tokens.load(Ordering::SeqCst) {
            String::new()
        } else {
            format!("refresh-token-{n}-of-the-vendor")
        };
        let in_2033 = (2_000_000_000_000_000, Some(2_000_003_600_000_000));
        let (requested_at, expires_at) = self.0.times.lock().unwrap().unwrap_or(in_2033);
        Grant {
            access_token: format!("access-token-{n}-of-the-vendor"),
            token_secret: String::new(),
            refresh_token,
            expires_at,
            scope: "read".into(),
            requested_at: requested_at + i64::from(n),
            api_key: or(&request.api_key, "hosted-client-id"),
            api_secret: or(&request.api_secret, "hosted-client-secret"),
            callback_url: or(&request.callback_url, "https://ferrule.test/oauth/callback"),
            parameters,
        }
    }
}

fn take_one(counter: &AtomicU32) -> bool {
    counter
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

#[async_trait]
impl OauthBroker for BrokerDouble {
    async fn request_token(
        &self,
        _: Request<RequestTokenRequest>,
    ) -> Result<Response<RequestTokenResponse>, Status> {
        Err(Status::unimplemented("not the registry's affair"))
    }

    async fn exchange(
        &self,
        request: Request<ExchangeRequest>,
    ) -> Result<Response<ExchangeResponse>, Status> {
        let request = request.into_inner();
        self.0.exchanged.lock().unwrap().push(request.clone());
        if let Some(refusal) = self.0.refusal.lock().unwrap().clone() {
            return Err(refusal.into());
        }
        let outcome = if request.digest.is_empty() {
            // The app itself: nothing is spent and nothing kept.
            Outcome::Grant(self.grant(&request))
        } else {
            let mut answers = self.0.answers.lock().unwrap();
            let answer = answers.entry(request.digest.clone()).or_insert_with(|| Answer {
                grant: self.grant(&request),
                confirmed: false,
            });
            if answer.confirmed {
                Outcome::Confirmed(Confirmed {})
            } else {
                Outcome::Grant(answer.grant.clone())
            }
        };
        let gate = self.0.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            self.0.waiting.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
        }
        Ok(Response::new(ExchangeResponse {
            outcome: Some(outcome),
        }))
    }

    async fn confirm(&self, request: Request<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        if take_one(&self.0.lost_confirmations) {
            return Err(Status::unavailable("the broker is away"));
        }
        let digest = request.into_inner().digest;
        if let Some(answer) = self.0.answers.lock().unwrap().get_mut(&digest) {
            answer.confirmed = true;
        }
        self.0.confirmations.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(ConfirmResponse {}))
    }

    async fn revoke(&self, request: Request<RevokeRequest>) -> Result<Response<RevokeResponse>, Status> {
        if take_one(&self.0.failed_revocations) {
            return Err(Refusal::new(Reason::VendorUnreachable, "no connection").into());
        }
        self.0.revoked.lock().unwrap().push(request.into_inner());
        Ok(Response::new(RevokeResponse { revoked: true }))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Result<Response<RefreshResponse>, Status> {
        self.0
            .vendor
            .refresh(request.into_inner())
            .await
            .map(Response::new)
    }

    async fn read_journal(
        &self,
        request: Request<ReadJournalRequest>,
    ) -> Result<Response<ReadJournalResponse>, Status> {
        self.0.vendor.read_journal(request.get_ref()).map(Response::new)
    }

    async fn confirm_refresh(
        &self,
        request: Request<ConfirmRefreshRequest>,
    ) -> Result<Response<ConfirmRefreshResponse>, Status> {
        self.0.vendor.confirm(request.get_ref())?;
        Ok(Response::new(ConfirmRefreshResponse {}))
    }

    async fn authorize(&self, _: Request<AuthorizeRequest>) -> Result<Response<AuthorizeResponse>, Status> {
        Err(Status::unimplemented("the registry asks for no URL"))
    }

    async fn callback(&self, _: Request<CallbackRequest>) -> Result<Response<CallbackResponse>, Status> {
        Err(Status::unimplemented("the registry takes no callback"))
    }

    async fn find_outcome(
        &self,
        _: Request<FindOutcomeRequest>,
    ) -> Result<Response<FindOutcomeResponse>, Status> {
        Err(Status::unimplemented("the registry asks for no outcome"))
    }
}
