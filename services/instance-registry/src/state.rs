//! What was built, and how.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ferrule_catalog::{Catalog, Connector};
use ferrule_model::{Chance, Clock};
use ferrule_service::health::Readiness;
use ferrule_wire::v1::instance_registry_server::InstanceRegistryServer;
use ferrule_wire::{BrokerClient, Reason, Refusal, on_behalf_of, request_id_of, with_deadline};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status};
use tracing::Instrument as _;

use crate::data_keys::DataKeys;
use crate::flights::Flights;
use crate::master_keys::MasterKeys;
use crate::rpc::Rpc;
use crate::settings::{RefreshSettings, StateSettings};
use crate::store::{Store, StoreError, StoreOptions};
use crate::tokens_shown::TokensShown;
use crate::under_way::UnderWay;
use crate::{erase_instance, meters, refresher};

/// How often outdated idempotency keys and sessions, browsers' and connect ones, are forgotten.
const FORGET_INTERVAL: Duration = Duration::from_hours(1);

/// The registry. Clones share everything.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) broker: BrokerClient,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) master_keys: MasterKeys,
    pub(crate) data_keys: DataKeys,
    pub(crate) refresh: RefreshSettings,
    /// Refreshes of this process that calls wait for.
    pub(crate) flights: Flights,
    /// First uses that are on their way to the audit.
    pub(crate) first_uses: Flights,
    pub(crate) under_way: UnderWay,
    pub(crate) tokens_shown: TokensShown,
    /// Told when an instance may have come to be due earlier than the refresher knows.
    pub(crate) due_changed: Arc<Notify>,
    /// Cancelled once nothing new shall begin.
    pub(crate) stopping: CancellationToken,
    tasks: Arc<TaskTracker>,
}

impl Registry {
    /// Opens the database, proves the key ring, and takes up what an earlier process left.
    ///
    /// A ring that does not open the database is no error: the registry then runs sealed.
    pub async fn build(
        settings: &StateSettings,
        broker: BrokerClient,
        catalog: Catalog,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, StoreError> {
        let store = Store::open(&settings.database_url, &StoreOptions::default()).await?;
        let master_keys = MasterKeys::open(settings.key_ring.clone(), &store, &chance).await?;
        meters::describe();
        let registry = Self {
            data_keys: DataKeys::new(store.clone(), master_keys.clone()),
            store,
            broker,
            catalog,
            clock,
            chance,
            master_keys,
            refresh: settings.refresh,
            flights: Flights::default(),
            first_uses: Flights::default(),
            under_way: UnderWay::default(),
            tokens_shown: TokensShown::default(),
            due_changed: Arc::default(),
            stopping: CancellationToken::new(),
            tasks: Arc::default(),
        };
        if let Some(file) = settings.key_ring_file.clone() {
            let watch = registry.master_keys.clone();
            registry.in_background(watch.watch(file, registry.store.clone(), registry.stopping.clone()));
        }
        registry.in_background(erase_instance::resume(registry.clone()));
        registry.in_background(refresher::run(registry.clone()));
        registry.in_background(meters::watch_connections(registry.clone()));
        registry.in_background(forget_outdated(registry.clone()));
        Ok(registry)
    }

    /// The gRPC service.
    pub fn service(&self) -> InstanceRegistryServer<Rpc> {
        InstanceRegistryServer::new(Rpc::new(self.clone()))
    }

    /// Whether the database answers and the key ring opens it.
    pub async fn ready(&self) -> bool {
        self.master_keys.proven(&self.store).await.is_ok()
    }

    /// The same with words, for `/readyz`.
    pub fn readiness(&self) -> Readiness {
        let (keys, store) = (self.master_keys.clone(), self.store.clone());
        Readiness::new().check("database", move || {
            let (keys, store) = (keys.clone(), store.clone());
            async move { keys.proven(&store).await }
        })
    }

    /// Lets nothing new begin, waits for what is under way, and closes the database. What is left of a deletion
    /// is resumed at the next start. Give it a deadline: it waits for as long as a call takes.
    pub async fn close(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.store.close().await;
    }

    /// Answers a call in a task of its own, so that a caller that goes away cancels nothing.
    pub(crate) async fn answer<Q, A, F>(
        &self,
        call: impl FnOnce(Self, Q) -> F,
        request: Request<Q>,
    ) -> Result<Response<A>, Status>
    where
        F: Future<Output = Result<A, Refusal>> + Send + 'static,
        A: Send + 'static,
    {
        let request_id = request_id_of(request.metadata());
        let answer = on_behalf_of(request_id, call(self.clone(), request.into_inner())).in_current_span();
        let answer = self.tasks.spawn(with_deadline(answer)).await;
        match answer {
            Ok(Ok(answer)) => Ok(Response::new(answer)),
            Ok(Err(refusal)) => Err(refusal.into()),
            Err(error) => Err(Refusal::internal(error).into()),
        }
    }

    /// Work that outlives the call that asked for it.
    pub(crate) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(work.in_current_span());
    }

    /// The connector with this key or id.
    pub(crate) fn connector(&self, key_or_id: &str) -> Result<&Arc<Connector>, Refusal> {
        self.catalog.get(key_or_id).ok_or_else(|| {
            let shown: String = key_or_id.chars().filter(|c| !c.is_control()).take(64).collect();
            Refusal::new(
                Reason::ElementUnknown,
                format!("No element found with key or id {shown}"),
            )
        })
    }

    /// The same where empty means any.
    pub(crate) fn optional_connector(&self, key_or_id: &str) -> Result<Option<&Arc<Connector>>, Refusal> {
        match key_or_id {
            "" => Ok(None),
            key_or_id => self.connector(key_or_id).map(Some),
        }
    }
}

async fn forget_outdated(registry: Registry) {
    loop {
        let now = registry.clock.now();
        let forgotten = async {
            registry.store.forget_idempotency(now).await?;
            registry.store.forget_sessions(now).await?;
            registry.store.forget_connects(now).await
        };
        if let Err(error) = forgotten.await {
            tracing::warn!(event = "database_away", cause = %error, "outdated idempotency keys and sessions stay for now");
        }
        if tokio::time::timeout(FORGET_INTERVAL, registry.stopping.cancelled())
            .await
            .is_ok()
        {
            return;
        }
    }
}
