//! A registry of one organization with a few instances, which remembers what it was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use ferrule_model::Digest;
use ferrule_wire::v1::instance_registry_server::InstanceRegistry;
use ferrule_wire::v1::{
    App, AuditEntry, Caller, CloseSessionRequest, CloseSessionResponse, ConnectLink, ConnectOrigin,
    ConnectSession, CreateConnectSessionRequest, CreateInstanceRequest, Credential, Credentials,
    DeleteAppRequest, DeleteAppResponse, DeleteConnectOriginRequest, DeleteConnectOriginResponse,
    DeleteInstanceRequest, DeleteInstanceResponse, FindAppRequest, FindSessionRequest, FinishConnectRequest,
    GetAppRequest, GetConnectOriginRequest, GetConnectSessionRequest, GetInstanceRequest, IdentifyRequest,
    Instance, ListInstancesRequest, ListInstancesResponse, OpenConnectLinkRequest, OpenSessionRequest,
    PutAppRequest, PutConnectOriginRequest, ReadAuditRequest, ReadAuditResponse, ResolveRequest, Session,
    SetEnabledRequest, StoredApp, UpdateInstanceRequest, User, connect_session,
};
use ferrule_wire::{Reason, Refusal, request_id_of};
use tonic::{Request, Response, Status};

use crate::mood::Mood;

pub(crate) const USER: &str = "t3pS+b/user/secret/of/forty/four/characters=";
pub(crate) const ORGANIZATION: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "cTLkRO4X+instance+token+of+44+characters+IA=";
/// Somebody else's, and good.
pub(crate) const OTHER_USER: &str = "another/user/secret/of/forty/four/characters";
/// Somebody else's, and good.
pub(crate) const OTHER_ORGANIZATION: &str = "fedcba9876543210fedcba9876543210";

/// The instance that [`TOKEN`] belongs to.
pub(crate) const ID: i64 = 594_927;
/// How many instances there are, from [`ID`] upwards.
pub(crate) const COUNT: i64 = 5;

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) mood: Mood,
    sessions: Mutex<BTreeSet<Vec<u8>>>,
    /// The one stored app: its connector, key and secret.
    pub(crate) app: Mutex<Option<[String; 3]>>,
    /// The one connect session, as it stands.
    pub(crate) connect: Mutex<ConnectSession>,
    /// The digest of its link.
    pub(crate) link: Mutex<Vec<u8>>,
    pub(crate) origin: Mutex<String>,
    pub(crate) sessions_asked: Mutex<Vec<CreateConnectSessionRequest>>,
    pub(crate) finished: Mutex<Vec<FinishConnectRequest>>,
    /// How often callers were asked for.
    pub(crate) identified: AtomicUsize,
    /// What a call through [`ID`] gets.
    pub(crate) credential: Mutex<Credential>,
    /// A refused version is followed by another.
    pub(crate) renews: AtomicBool,
    pub(crate) disabled: AtomicBool,
    pub(crate) gone: AtomicBool,
    pub(crate) resolved: Mutex<Vec<ResolveRequest>>,
    /// When each of them came.
    pub(crate) reached: Mutex<Vec<Instant>>,
    pub(crate) created: Mutex<Vec<CreateInstanceRequest>>,
    pub(crate) listed: Mutex<Vec<ListInstancesRequest>>,
    pub(crate) updated: Mutex<Vec<UpdateInstanceRequest>>,
    pub(crate) deleted: Mutex<Vec<DeleteInstanceRequest>>,
    pub(crate) audited: Mutex<Vec<ReadAuditRequest>>,
    /// The request id that the last of them came with.
    pub(crate) request_id: Mutex<Option<String>>,
}

/// The vendor's token of that version.
pub(crate) fn access_token(version: i64) -> String {
    format!("vendor-token-{version}")
}

pub(crate) fn instance(id: i64) -> Instance {
    let configuration = [
        ("oauth.api.key", "********"),
        ("oauth.api.secret", "********"),
        ("oauth.callback.url", "https://auth.cloudelements.io/oauth"),
    ];
    Instance {
        id,
        name: "API Instance".to_owned(),
        created_at: 1_562_945_392_123_456,
        token: TOKEN.to_owned(),
        element_key: "intercom".to_owned(),
        element_id: 7549,
        tags: vec!["Test".to_owned()],
        valid: true,
        disabled: false,
        reason: String::new(),
        configuration: configuration
            .map(|(key, value)| (key.into(), value.into()))
            .into(),
        external_authentication: false,
        user: Some(User {
            id: 1,
            email: "admin@example.com".to_owned(),
            first_name: "Ada".to_owned(),
            last_name: "L.".to_owned(),
        }),
        ..Instance::default()
    }
}

impl Registry {
    /// The organization of whoever presents these.
    fn organization(&self, credentials: Option<&Credentials>) -> Result<i64, Status> {
        let refusal =
            || Refusal::new(Reason::Unauthenticated, "These secrets do not belong together.").into();
        let given = credentials.cloned().unwrap_or_default();
        if !given.session.is_empty() {
            return self
                .signed_in(&given.session)
                .map(|session| session.organization_id);
        }
        let is = |given: &[u8], known: &str| given == Digest::of(known).as_bytes();
        let or_absent = |given: &[u8], known: &str| given.is_empty() || is(given, known);
        if is(&given.user, OTHER_USER)
            && is(&given.organization, OTHER_ORGANIZATION)
            && given.element.is_empty()
        {
            return Ok(2);
        }
        let ours = is(&given.user, USER)
            && or_absent(&given.organization, ORGANIZATION)
            && or_absent(&given.element, TOKEN);
        if ours { Ok(1) } else { Err(refusal()) }
    }

    fn find(
        &self,
        credentials: Option<&Credentials>,
        id: Option<i64>,
        element: &str,
    ) -> Result<Instance, Status> {
        let organization = self.organization(credentials)?;
        let id = id.unwrap_or(ID);
        let known = organization == 1 && (ID..ID + COUNT).contains(&id);
        if known && ["", "intercom", "7549"].contains(&element) {
            return Ok(instance(id));
        }
        let message = format!("No instance found with ID {id}.");
        Err(Refusal::new(Reason::InstanceUnknown, message).into())
    }

    fn stored(&self, element: &str) -> Result<App, Status> {
        let app = self.app.lock().unwrap().clone();
        let app = app.filter(|[of, ..]| of == element);
        let app = app.map(|[element, api_key, api_secret]| App {
            element,
            api_key,
            api_secret,
            ..App::default()
        });
        app.ok_or_else(|| Refusal::new(Reason::AppUnknown, "No app is stored.").into())
    }

    fn signed_in(&self, session: &[u8]) -> Result<Session, Status> {
        if self.sessions.lock().unwrap().contains(session) {
            return Ok(Session {
                organization_id: 1,
                organization_name: "Ours & Co".to_owned(),
                user: instance(ID).user,
            });
        }
        Err(Refusal::new(Reason::Unauthenticated, "This session is over.").into())
    }
}

#[tonic::async_trait]
impl InstanceRegistry for Registry {
    async fn identify(&self, request: Request<IdentifyRequest>) -> Result<Response<Caller>, Status> {
        self.mood.enter().await?;
        self.identified.fetch_add(1, Ordering::SeqCst);
        let request = request.into_inner();
        Ok(Response::new(Caller {
            organization_id: self.organization(request.credentials.as_ref())?,
            user_id: 1,
            instance_id: None,
            app: self.stored(&request.app_of).ok(),
        }))
    }

    async fn open_session(&self, request: Request<OpenSessionRequest>) -> Result<Response<Session>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        self.sessions.lock().unwrap().insert(request.session.clone());
        self.signed_in(&request.session).map(Response::new)
    }

    async fn find_session(&self, request: Request<FindSessionRequest>) -> Result<Response<Session>, Status> {
        self.mood.enter().await?;
        self.signed_in(&request.into_inner().session).map(Response::new)
    }

    async fn close_session(
        &self,
        request: Request<CloseSessionRequest>,
    ) -> Result<Response<CloseSessionResponse>, Status> {
        self.sessions
            .lock()
            .unwrap()
            .remove(&request.into_inner().session);
        Ok(Response::new(CloseSessionResponse {}))
    }

    async fn find_app(&self, request: Request<FindAppRequest>) -> Result<Response<App>, Status> {
        let request = request.into_inner();
        if request.instance_id == 0 {
            self.organization(request.credentials.as_ref())?;
            return self.stored(&request.element).map(Response::new);
        }
        self.find(request.credentials.as_ref(), Some(request.instance_id), "")?;
        Ok(Response::new(App {
            element: "intercom".to_owned(),
            api_key: "kept-key".to_owned(),
            api_secret: "kept-secret".to_owned(),
            ..App::default()
        }))
    }

    async fn put_app(&self, request: Request<PutAppRequest>) -> Result<Response<StoredApp>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        let shown = StoredApp {
            element: request.element.clone(),
            api_key: request.api_key.clone(),
            updated_at: 1_562_945_392_123_456,
        };
        *self.app.lock().unwrap() = Some([request.element, request.api_key, request.api_secret]);
        Ok(Response::new(shown))
    }

    async fn get_app(&self, request: Request<GetAppRequest>) -> Result<Response<StoredApp>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        let app = self.stored(&request.element)?;
        Ok(Response::new(StoredApp {
            element: app.element,
            api_key: app.api_key,
            updated_at: 1_562_945_392_123_456,
        }))
    }

    async fn delete_app(
        &self,
        request: Request<DeleteAppRequest>,
    ) -> Result<Response<DeleteAppResponse>, Status> {
        self.mood.enter().await?;
        self.organization(request.into_inner().credentials.as_ref())?;
        *self.app.lock().unwrap() = None;
        Ok(Response::new(DeleteAppResponse {}))
    }

    async fn create_instance(
        &self,
        request: Request<CreateInstanceRequest>,
    ) -> Result<Response<Instance>, Status> {
        let request = request.into_inner();
        self.created.lock().unwrap().push(request.clone());
        self.mood.enter().await?;
        self.organization(request.credentials.as_ref())?;
        Ok(Response::new(Instance {
            name: request.name,
            tags: request.tags,
            ..instance(ID)
        }))
    }

    async fn get_instance(&self, request: Request<GetInstanceRequest>) -> Result<Response<Instance>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        let found = self.find(request.credentials.as_ref(), request.id, &request.element)?;
        let by_session = request.credentials.is_some_and(|given| !given.session.is_empty());
        let token = if by_session && !request.show_token {
            String::new()
        } else {
            found.token.clone()
        };
        Ok(Response::new(Instance { token, ..found }))
    }

    async fn create_connect_session(
        &self,
        request: Request<CreateConnectSessionRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        let session = ConnectSession {
            id: "the-session".to_owned(),
            status: connect_session::Status::Open.into(),
            elements: request.elements.clone(),
            name: request.name.clone(),
            tags: request.tags.clone(),
            end_user_id: request.end_user_id.clone(),
            return_url: request.return_url.clone(),
            state: request.state.clone(),
            expires_at: 1_562_945_392_123_456,
            instance_id: None,
        };
        self.link.lock().unwrap().clone_from(&request.link);
        self.connect.lock().unwrap().clone_from(&session);
        self.sessions_asked.lock().unwrap().push(request);
        Ok(Response::new(session))
    }

    async fn get_connect_session(
        &self,
        request: Request<GetConnectSessionRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        let session = self.connect.lock().unwrap().clone();
        if session.id != request.id {
            return Err(Refusal::new(Reason::ConnectUnknown, "There is no such connect session.").into());
        }
        Ok(Response::new(session))
    }

    async fn open_connect_link(
        &self,
        request: Request<OpenConnectLinkRequest>,
    ) -> Result<Response<ConnectLink>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        if *self.link.lock().unwrap() != request.link {
            return Err(Refusal::new(Reason::ConnectUnknown, "There is no such link.").into());
        }
        let app = self.stored(&request.element).ok();
        Ok(Response::new(ConnectLink {
            session: Some(self.connect.lock().unwrap().clone()),
            organization_id: 1,
            organization_name: "Ours & <Co>".to_owned(),
            origin: self.origin.lock().unwrap().clone(),
            app,
        }))
    }

    async fn finish_connect(
        &self,
        request: Request<FinishConnectRequest>,
    ) -> Result<Response<ConnectSession>, Status> {
        let request = request.into_inner();
        self.finished.lock().unwrap().push(request);
        self.mood.renewal()?;
        let mut session = self.connect.lock().unwrap();
        session.status = connect_session::Status::Done.into();
        session.instance_id = Some(ID);
        Ok(Response::new(session.clone()))
    }

    async fn put_connect_origin(
        &self,
        request: Request<PutConnectOriginRequest>,
    ) -> Result<Response<ConnectOrigin>, Status> {
        let request = request.into_inner();
        self.organization(request.credentials.as_ref())?;
        let origin = request.origin;
        self.origin.lock().unwrap().clone_from(&origin);
        Ok(Response::new(ConnectOrigin { origin }))
    }

    async fn get_connect_origin(
        &self,
        request: Request<GetConnectOriginRequest>,
    ) -> Result<Response<ConnectOrigin>, Status> {
        self.organization(request.into_inner().credentials.as_ref())?;
        let origin = self.origin.lock().unwrap().clone();
        Ok(Response::new(ConnectOrigin { origin }))
    }

    async fn delete_connect_origin(
        &self,
        request: Request<DeleteConnectOriginRequest>,
    ) -> Result<Response<DeleteConnectOriginResponse>, Status> {
        self.organization(request.into_inner().credentials.as_ref())?;
        self.origin.lock().unwrap().clear();
        Ok(Response::new(DeleteConnectOriginResponse {}))
    }

    async fn list_instances(
        &self,
        request: Request<ListInstancesRequest>,
    ) -> Result<Response<ListInstancesResponse>, Status> {
        let request = request.into_inner();
        self.listed.lock().unwrap().push(request.clone());
        self.mood.enter().await?;
        let total = if self.organization(request.credentials.as_ref())? == 1 {
            COUNT
        } else {
            0
        };
        let from: i64 = match request.page_token.as_str() {
            "" => 0,
            token => token
                .parse()
                .map_err(|_| Refusal::new(Reason::InvalidRequest, "`nextPage` is no token of ours."))?,
        };
        let to = total.min(from.saturating_add(request.page_size.into()));
        Ok(Response::new(ListInstancesResponse {
            instances: (from..to).map(|offset| instance(ID + offset)).collect(),
            next_page_token: if to < total { to.to_string() } else { String::new() },
            total,
        }))
    }

    async fn update_instance(
        &self,
        request: Request<UpdateInstanceRequest>,
    ) -> Result<Response<Instance>, Status> {
        let request = request.into_inner();
        self.updated.lock().unwrap().push(request.clone());
        self.mood.enter().await?;
        let mut instance = self.find(request.credentials.as_ref(), request.id, &request.element)?;
        instance.name = request.name.unwrap_or(instance.name);
        if request.replace_tags {
            instance.tags = request.tags;
        }
        instance
            .configuration
            .extend::<BTreeMap<_, _>>(request.configuration);
        Ok(Response::new(instance))
    }

    async fn delete_instance(
        &self,
        request: Request<DeleteInstanceRequest>,
    ) -> Result<Response<DeleteInstanceResponse>, Status> {
        let request = request.into_inner();
        self.deleted.lock().unwrap().push(request.clone());
        self.mood.enter().await?;
        self.find(request.credentials.as_ref(), Some(request.id), &request.element)?;
        self.gone.store(true, Ordering::SeqCst);
        Ok(Response::new(DeleteInstanceResponse {}))
    }

    async fn set_enabled(&self, request: Request<SetEnabledRequest>) -> Result<Response<Instance>, Status> {
        self.mood.enter().await?;
        let request = request.into_inner();
        let instance = self.find(request.credentials.as_ref(), request.id, &request.element)?;
        self.disabled.store(!request.enabled, Ordering::SeqCst);
        let disabled = !request.enabled;
        Ok(Response::new(Instance { disabled, ..instance }))
    }

    async fn read_audit(
        &self,
        request: Request<ReadAuditRequest>,
    ) -> Result<Response<ReadAuditResponse>, Status> {
        *self.request_id.lock().unwrap() = request_id_of(request.metadata());
        let request = request.into_inner();
        self.audited.lock().unwrap().push(request.clone());
        self.mood.enter().await?;
        self.find(request.credentials.as_ref(), request.id, "")?;
        let entries = [("secret_shown", Some(1)), ("created", Some(1))].map(|(event, user_id)| AuditEntry {
            event: event.to_owned(),
            at: 1_562_945_392_123_456,
            user_id,
            ..AuditEntry::default()
        });
        Ok(Response::new(ReadAuditResponse {
            entries: entries.into(),
            next_page_token: "more".to_owned(),
            total: 5,
        }))
    }

    async fn resolve(&self, request: Request<ResolveRequest>) -> Result<Response<Credential>, Status> {
        let request = request.into_inner();
        self.resolved.lock().unwrap().push(request.clone());
        self.reached.lock().unwrap().push(Instant::now());
        self.mood.enter().await?;
        self.organization(request.credentials.as_ref())?;
        if self.gone.load(Ordering::SeqCst) {
            return Err(Refusal::new(Reason::Unauthenticated, "The Element token is not known.").into());
        }
        if self.disabled.load(Ordering::SeqCst) {
            return Err(Refusal::new(Reason::InstanceDisabled, "The instance is disabled.").into());
        }
        if request.refused_version.is_some() {
            self.mood.renewal()?;
        }
        let mut credential = self.credential.lock().unwrap();
        if self.renews.load(Ordering::SeqCst) && request.refused_version == Some(credential.version) {
            credential.version += 1;
            credential.access_token = access_token(credential.version);
        }
        Ok(Response::new(credential.clone()))
    }
}
