//! A registry that counts its calls, in a runtime of its own, so that it can be killed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use ferrule_cores::Cores;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use crate::access::Roles;
use crate::sockets::Doors;
use crate::v1::{Caller, CreateInstanceRequest, IdentifyRequest};
use crate::{RegistryClient, Server, ServerOptions, Transport};

/// What the service does: counts a call, waits until it may answer, and says its own number.
#[derive(Clone)]
pub struct Counting {
    pub number: i64,
    pub calls: Arc<AtomicUsize>,
    /// Calls wait while it is empty.
    pub answers: Arc<Semaphore>,
}

impl Counting {
    /// One that answers at once.
    pub fn new(number: i64) -> Self {
        Self {
            number,
            calls: Arc::default(),
            answers: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
        }
    }

    /// One that does not answer before `answers` has permits.
    pub fn holding(number: i64) -> Self {
        Self {
            answers: Arc::new(Semaphore::new(0)),
            ..Self::new(number)
        }
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Until so many calls have arrived.
    pub async fn reached(&self, calls: usize) {
        let wait = async {
            while self.calls() < calls {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.unwrap();
    }
}

impl NamedService for Counting {
    const NAME: &'static str = "ferrule.v1.InstanceRegistry";
}

impl Service<Request<Body>> for Counting {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let this = self.clone();
        Box::pin(async move {
            let _permit = this.answers.acquire().await.unwrap();
            // `Instance` and `Caller` begin alike, with a number.
            let message = Caller {
                organization_id: this.number,
                ..Caller::default()
            };
            Ok(answer(&message.encode_to_vec()))
        })
    }
}

fn answer(message: &[u8]) -> Response<Body> {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(message);
    let trailers = HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]);
    let body = Full::<Bytes>::new(frame.freeze()).with_trailers(async { Some(Ok(trailers)) });
    let mut answer = Response::new(Body::new(body));
    let kind = HeaderValue::from_static("application/grpc");
    answer.headers_mut().insert("content-type", kind);
    answer
}

/// A server in a process of its own, as far as its peers can tell.
pub struct Replica {
    pub address: SocketAddr,
    runtime: Option<Runtime>,
    shutdown: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Replica {
    /// Listens on `address`, which may have port 0, and lets anybody in.
    pub fn start(address: SocketAddr, service: &Counting) -> Self {
        Self::behind(Doors::Open(Roles::ALL), address, service, false)
    }

    pub fn behind(doors: Doors, address: SocketAddr, service: &Counting, reflection: bool) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = listen(address);
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let within = runtime.enter();
        let options = ServerOptions {
            doors,
            cores: Cores::here(),
            reflection,
            drain: Duration::from_secs(10),
        };
        drop(within);
        let (server, until) = (Server::new(service.clone(), options), shutdown.clone());
        let serving = runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            server
                .serve(listener, || std::future::ready(true), until)
                .await
                .unwrap();
        });
        Self {
            address,
            runtime: Some(runtime),
            shutdown,
            serving: Some(serving),
        }
    }

    /// Ends it as SIGTERM does: what is in flight is finished.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        self.serving.take().unwrap().await.unwrap();
    }

    /// Ends it as `kill -9` does.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// As servers do: an address whose last connections still linger may be taken again.
fn listen(address: SocketAddr) -> std::net::TcpListener {
    let listener = std::net::TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    listener
}

/// The number of the replica that answered a call which may be repeated.
pub async fn identify(transport: &Transport) -> Result<i64, Status> {
    let mut client = RegistryClient::new(transport.clone());
    let answer = client.identify(IdentifyRequest::default()).await?;
    Ok(answer.into_inner().organization_id)
}

/// The number of the replica that answered a call which may not be repeated.
pub async fn create(transport: &Transport) -> Result<i64, Status> {
    let mut client = RegistryClient::new(transport.clone());
    let answer = client.create_instance(CreateInstanceRequest::default()).await?;
    Ok(answer.into_inner().id)
}
