//! A broker that answers what the test says and remembers what it was asked.

use std::sync::Mutex;

use ferrule_wire::v1::oauth_broker_server::OauthBroker;
use ferrule_wire::v1::{
    AuthorizeRequest, AuthorizeResponse, CallbackRequest, CallbackResponse, ConfirmRefreshRequest,
    ConfirmRefreshResponse, ConfirmRequest, ConfirmResponse, ExchangeRequest, ExchangeResponse,
    FindOutcomeRequest, FindOutcomeResponse, ReadJournalRequest, ReadJournalResponse, RefreshRequest,
    RefreshResponse, RequestTokenRequest, RequestTokenResponse, RevokeRequest, RevokeResponse,
};
use tonic::{Request, Response, Status};

use crate::mood::Mood;

/// What the seed shows.
pub(crate) const OAUTH_URL: &str = "https://app.intercom.io/oauth?scope=read&response_type=code&redirect_uri=https%3A%2F%2Fauth.cloudelements.io%2Foauth&state=intercom&client_id=xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

#[derive(Default)]
pub(crate) struct Broker {
    pub(crate) mood: Mood,
    pub(crate) state: Mutex<Option<String>>,
    pub(crate) landing: Mutex<CallbackResponse>,
    pub(crate) outcome: Mutex<FindOutcomeResponse>,
    pub(crate) authorized: Mutex<Vec<AuthorizeRequest>>,
    pub(crate) tokens_requested: Mutex<Vec<RequestTokenRequest>>,
    pub(crate) called_back: Mutex<Vec<CallbackRequest>>,
}

impl Broker {
    /// The last request for a login URL.
    pub(crate) fn last_authorized(&self) -> AuthorizeRequest {
        self.authorized.lock().unwrap().last().unwrap().clone()
    }

    /// The last callback.
    pub(crate) fn last_callback(&self) -> CallbackRequest {
        self.called_back.lock().unwrap().last().unwrap().clone()
    }
}

#[tonic::async_trait]
impl OauthBroker for Broker {
    async fn authorize(
        &self,
        request: Request<AuthorizeRequest>,
    ) -> Result<Response<AuthorizeResponse>, Status> {
        self.authorized.lock().unwrap().push(request.into_inner());
        self.mood.enter().await?;
        Ok(Response::new(AuthorizeResponse {
            oauth_url: OAUTH_URL.to_owned(),
            element: "intercom".to_owned(),
            state: self.state.lock().unwrap().clone(),
        }))
    }

    async fn request_token(
        &self,
        request: Request<RequestTokenRequest>,
    ) -> Result<Response<RequestTokenResponse>, Status> {
        self.tokens_requested.lock().unwrap().push(request.into_inner());
        self.mood.enter().await?;
        Ok(Response::new(RequestTokenResponse {
            token: "temporary".to_owned(),
            secret: "its secret".to_owned(),
        }))
    }

    async fn callback(
        &self,
        request: Request<CallbackRequest>,
    ) -> Result<Response<CallbackResponse>, Status> {
        self.called_back.lock().unwrap().push(request.into_inner());
        self.mood.enter().await?;
        Ok(Response::new(self.landing.lock().unwrap().clone()))
    }

    async fn find_outcome(
        &self,
        _: Request<FindOutcomeRequest>,
    ) -> Result<Response<FindOutcomeResponse>, Status> {
        self.mood.enter().await?;
        Ok(Response::new(self.outcome.lock().unwrap().clone()))
    }

    async fn exchange(&self, _: Request<ExchangeRequest>) -> Result<Response<ExchangeResponse>, Status> {
        Err(Status::unimplemented("the registry's affair"))
    }

    async fn confirm(&self, _: Request<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        Err(Status::unimplemented("the registry's affair"))
    }

    async fn refresh(&self, _: Request<RefreshRequest>) -> Result<Response<RefreshResponse>, Status> {
        Err(Status::unimplemented("the gateway never refreshes"))
    }

    async fn read_journal(
        &self,
        _: Request<ReadJournalRequest>,
    ) -> Result<Response<ReadJournalResponse>, Status> {
        Err(Status::unimplemented("the gateway never reads the journal"))
    }

    async fn confirm_refresh(
        &self,
        _: Request<ConfirmRefreshRequest>,
    ) -> Result<Response<ConfirmRefreshResponse>, Status> {
        Err(Status::unimplemented("the gateway never confirms"))
    }

    async fn revoke(&self, _: Request<RevokeRequest>) -> Result<Response<RevokeResponse>, Status> {
        Err(Status::unimplemented("the registry's affair"))
    }
}
