//! The registry's calls, and the file that answers each.

use ferrule_wire::v1::instance_registry_server::InstanceRegistry;
use ferrule_wire::v1::{
    App, Caller, CloseSessionRequest, CloseSessionResponse, ConnectLink, ConnectOrigin, ConnectSession,
    CreateConnectSessionRequest, CreateInstanceRequest, Credential, DeleteAppRequest, DeleteAppResponse,
    DeleteConnectOriginRequest, DeleteConnectOriginResponse, DeleteInstanceRequest, DeleteInstanceResponse,
    FindAppRequest, FindSessionRequest, FinishConnectRequest, GetAppRequest, GetConnectOriginRequest,
    GetConnectSessionRequest, GetInstanceRequest, IdentifyRequest, Instance, ListInstancesRequest,
    ListInstancesResponse, OpenConnectLinkRequest, OpenSessionRequest, PutAppRequest,
    PutConnectOriginRequest, ReadAuditRequest, ReadAuditResponse, ResolveRequest, Session, SetEnabledRequest,
    StoredApp, UpdateInstanceRequest,
};
use tonic::{Request, Response, Status, async_trait};

use crate::connect::{
    create_connect_session, delete_connect_origin, finish_connect, get_connect_origin, get_connect_session,
    open_connect_link, put_connect_origin,
};
use crate::create_instance::create_instance;
use crate::delete_instance::delete_instance;
use crate::find_app::find_app;
use crate::get_instance::get_instance;
use crate::identify::identify;
use crate::internal_client::shows_organization;
use crate::list_instances::list_instances;
use crate::read_audit::read_audit;
use crate::resolve::resolve;
use crate::sessions::{close_session, find_session, open_session};
use crate::set_enabled::set_enabled;
use crate::state::Registry;
use crate::stored_app::{delete_app, get_app, put_app};
use crate::update_instance::update_instance;

/// The registry as a gRPC service.
#[derive(Clone, Debug)]
pub struct Rpc(Registry);

impl Rpc {
    pub(crate) fn new(registry: Registry) -> Self {
        Self(registry)
    }
}

#[async_trait]
impl InstanceRegistry for Rpc {
    async fn identify(&self, request: Request<IdentifyRequest>) -> Result<Response<Caller>, Status> {
        self.0.answer(identify, request).await
    }

    async fn open_session(&self, request: Request<OpenSessionRequest>) -> Result<Response<Session>, Status> {
        self.0.answer(open_session, request).await
    }

    async fn find_session(&self, request: Request<FindSessionRequest>) -> Result<Response<Session>, Status> {
        self.0.answer(find_session, request).await
    }

    async fn close_session(
        &self,
        request: Request<CloseSessionRequest>,
    ) -> Result<Response<CloseSessionResponse>, Status> {
        self.0.answer(close_session, request).await
    }

    async fn create_instance(
        &self,
        request: Request<CreateInstanceRequest>,
    ) -> Result<Response<Instance>, Status> {
        shows_organization(&request, |request| request.credentials.as_ref())?;
        self.0.answer(create_instance, request).await
    }

    async fn get_instance(&self, request: Request<GetInstanceRequest>) -> Result<Response<Instance>, Status> {
        shows_organization(&request, |request| request.credentials.as_ref())?;
        self.0.answer(get_instance, request).await
    }

    async fn find_app(&self, request: Request<FindAppRequest>) -> Result<Response<App>, Status> {
        self.0.answer(find_app, request).await
    }

    async fn put_app(&self, request: Request<PutAppRequest>) -> Result<Response<StoredApp>, Status> {
        self.0.answer(put_app, request).await
    }

    async fn get_app(&self, request: Request<GetAppRequest>) -> Result<Response<StoredApp>, Status> {
        self.0.answer(get_app, request).await
    }

    async fn delete_app(
        &self,
        request: Request<DeleteAppRequest>,
    ) -> Result<Response<DeleteAppResponse>, Status> {
        self.0.answer(delete_app, request).await
    }

    async fn create_connect_session(
        &self,
        request: Request<CreateConnectSessionRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        self.0.answer(create_connect_session, request).await
    }

    async fn get_connect_session(
        &self,
        request: Request<GetConnectSessionRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        self.0.answer(get_connect_session, request).await
    }

    async fn open_connect_link(
        &self,
        request: Request<OpenConnectLinkRequest>,
    ) -> Result<Response<ConnectLink>, Status> {
        self.0.answer(open_connect_link, request).await
    }

    async fn finish_connect(
        &self,
        request: Request<FinishConnectRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        self.0.answer(finish_connect, request).await
    }

    async fn put_connect_origin(
        &self,
        request: Request<PutConnectOriginRequest>,
    ) -> Result<Response<ConnectOrigin>, Status> {
        self.0.answer(put_connect_origin, request).await
    }

    async fn get_connect_origin(
        &self,
        request: Request<GetConnectOriginRequest>,
    ) -> Result<Response<ConnectOrigin>, Status> {
        self.0.answer(get_connect_origin, request).await
    }

    async fn delete_connect_origin(
        &self,
        request: Request<DeleteConnectOriginRequest>,
    ) -> Result<Response<DeleteConnectOriginResponse>, Status> {
        self.0.answer(delete_connect_origin, request).await
    }

    async fn list_instances(
        &self,
        request: Request<ListInstancesRequest>,
    ) -> Result<Response<ListInstancesResponse>, Status> {
        shows_organization(&request, |request| request.credentials.as_ref())?;
        self.0.answer(list_instances, request).await
    }

    async fn update_instance(
        &self,
        request: Request<UpdateInstanceRequest>,
    ) -> Result<Response<Instance>, Status> {
        self.0.answer(update_instance, request).await
    }

    async fn set_enabled(&self, request: Request<SetEnabledRequest>) -> Result<Response<Instance>, Status> {
        self.0.answer(set_enabled, request).await
    }

    async fn read_audit(
        &self,
        request: Request<ReadAuditRequest>,
    ) -> Result<Response<ReadAuditResponse>, Status> {
        self.0.answer(read_audit, request).await
    }

    /// Changes nothing itself: a refresh that it begins is a task of its own.
    async fn resolve(&self, request: Request<ResolveRequest>) -> Result<Response<Credential>, Status> {
        shows_organization(&request, |request| request.credentials.as_ref())?;
        let credential = resolve(&self.0, request.into_inner()).await?;
        Ok(Response::new(credential))
    }

    async fn delete_instance(
        &self,
        request: Request<DeleteInstanceRequest>,
    ) -> Result<Response<DeleteInstanceResponse>, Status> {
        self.0.answer(delete_instance, request).await
    }
}
