//! The broker's verbs, as a table of contents.

use ferrule_wire::v1::oauth_broker_server::OauthBroker;
use ferrule_wire::v1::{
    AuthorizeRequest, AuthorizeResponse, CallbackRequest, CallbackResponse, ConfirmRefreshRequest,
    ConfirmRefreshResponse, ConfirmRequest, ConfirmResponse, ExchangeRequest, ExchangeResponse,
    FindOutcomeRequest, FindOutcomeResponse, ReadJournalRequest, ReadJournalResponse, RefreshRequest,
    RefreshResponse, RequestTokenRequest, RequestTokenResponse, RevokeRequest, RevokeResponse,
};
use tonic::{Request, Response, Status};

use crate::state::Broker;
use crate::{
    authorize, callback, confirm, confirm_refresh, exchange, find_outcome, oauth1, read_journal, refresh,
    revoke,
};

#[tonic::async_trait]
impl OauthBroker for Broker {
    async fn authorize(
        &self,
        request: Request<AuthorizeRequest>,
    ) -> Result<Response<AuthorizeResponse>, Status> {
        Ok(Response::new(
            authorize::authorize(self, request.into_inner()).await?,
        ))
    }

    async fn request_token(
        &self,
        request: Request<RequestTokenRequest>,
    ) -> Result<Response<RequestTokenResponse>, Status> {
        Ok(Response::new(
            oauth1::request_token(self, request.into_inner()).await?,
        ))
    }

    async fn callback(
        &self,
        request: Request<CallbackRequest>,
    ) -> Result<Response<CallbackResponse>, Status> {
        Ok(Response::new(
            callback::callback(self, request.into_inner()).await?,
        ))
    }

    async fn find_outcome(
        &self,
        request: Request<FindOutcomeRequest>,
    ) -> Result<Response<FindOutcomeResponse>, Status> {
        Ok(Response::new(
            find_outcome::find_outcome(self, request.into_inner()).await?,
        ))
    }

    async fn exchange(
        &self,
        request: Request<ExchangeRequest>,
    ) -> Result<Response<ExchangeResponse>, Status> {
        Ok(Response::new(
            exchange::exchange(self, request.into_inner()).await?,
        ))
    }

    async fn confirm(&self, request: Request<ConfirmRequest>) -> Result<Response<ConfirmResponse>, Status> {
        Ok(Response::new(confirm::confirm(self, request.into_inner()).await?))
    }

    async fn refresh(&self, request: Request<RefreshRequest>) -> Result<Response<RefreshResponse>, Status> {
        Ok(Response::new(refresh::refresh(self, request.into_inner()).await?))
    }

    async fn read_journal(
        &self,
        request: Request<ReadJournalRequest>,
    ) -> Result<Response<ReadJournalResponse>, Status> {
        Ok(Response::new(
            read_journal::read_journal(self, request.into_inner()).await?,
        ))
    }

    async fn confirm_refresh(
        &self,
        request: Request<ConfirmRefreshRequest>,
    ) -> Result<Response<ConfirmRefreshResponse>, Status> {
        Ok(Response::new(
            confirm_refresh::confirm_refresh(self, request.into_inner()).await?,
        ))
    }

    async fn revoke(&self, request: Request<RevokeRequest>) -> Result<Response<RevokeResponse>, Status> {
        Ok(Response::new(revoke::revoke(self, request.into_inner()).await?))
    }
}
