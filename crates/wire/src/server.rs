//! A gRPC server over a socket: who may call what, spans, deadlines, health, reflection, graceful stop.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use ferrule_cores::Cores;

use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

use crate::deadline::DeadlineLayer;
use crate::meters;
use crate::peers::AccessLayer;
use crate::sockets::{Doors, accept};
use crate::trace::SpanLayer;

/// How often the health service asks whether the service is ready.
const HEALTH_INTERVAL: Duration = Duration::from_secs(2);

/// How long the service may think about that. One that takes longer would let its callers wait, too.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);

/// How often a peer that says nothing is asked whether it is still there, and how long it may think about that.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// The server stopped for a reason of its own.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It could not go on.
    #[error("the gRPC server stopped: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// It panicked.
    #[error("the gRPC server stopped: {0}")]
    Panic(#[from] JoinError),
}

/// One gRPC service behind a socket.
#[derive(Debug)]
pub struct Server<S> {
    service: S,
    options: ServerOptions,
}

/// How a service is served.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Whom it lets in.
    pub doors: Doors,
    /// Where its connections live.
    pub cores: Cores,
    /// Whether it tells any peer what its calls are (gRPC reflection).
    pub reflection: bool,
    /// How long calls in flight may take once it was told to stop.
    pub drain: Duration,
}

impl<S> Server<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
        + NamedService
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
{
    /// This service, served so.
    pub fn new(service: S, options: ServerOptions) -> Self {
        Self { service, options }
    }

    /// Serves until `shutdown`, then finishes what is in flight within the drain time.
    ///
    /// The gRPC health service answers for the whole server and for this service by what `ready` says.
    pub async fn serve<F>(
        self,
        listener: TcpListener,
        ready: impl Fn() -> F + Send + Sync + 'static,
        shutdown: CancellationToken,
    ) -> Result<(), ServeError>
    where
        F: Future<Output = bool> + Send,
    {
        meters::describe();
        let (health, health_service) = tonic_health::server::health_reporter();
        let watch = shutdown.clone();
        let reporting = tokio::spawn(async move {
            loop {
                let status = if says_ready(ready(), HEALTH_LIMIT).await && !watch.is_cancelled() {
                    tonic_health::ServingStatus::Serving
                } else {
                    tonic_health::ServingStatus::NotServing
                };
                health.set_service_status("", status).await;
                health.set_service_status(S::NAME, status).await;
                if watch.is_cancelled() {
                    break;
                }
                let _ = tokio::time::timeout(HEALTH_INTERVAL, watch.cancelled()).await;
            }
        });

        let ServerOptions {
            doors,
            cores,
            reflection,
            drain,
        } = self.options;
        let mut routes = Routes::new(health_service);
        routes = routes.add_service(self.service);
        if reflection {
            routes = reflect::<S>(routes);
        }
        let mut cores_serving = JoinSet::new();
        for (incoming, core) in accept(listener, doors, &cores, &shutdown)
            .into_iter()
            .zip(cores.runtimes())
        {
            let server = tonic::transport::Server::builder()
                .http2_keepalive_interval(Some(KEEP_ALIVE))
                .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
                .layer(SpanLayer)
                .layer(DeadlineLayer)
                .layer(AccessLayer)
                .add_routes(routes.clone())
                // It ends with what comes in; a signal is what makes it wait for calls in flight.
                .serve_with_incoming_shutdown(incoming, std::future::pending());
            cores_serving.spawn_on(server, core);
        }
        let serving = async {
            while let Some(ended) = cores_serving.join_next().await {
                ended??;
            }
            Ok(())
        };
        let deadline = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        let ended = tokio::select! {
            ended = serving => ended,
            () = deadline => Ok(()),
        };
        reporting.abort();
        ended
    }
}

/// Adds reflection of the service `S`, in the two versions that clients ask for.
fn reflect<S: NamedService>(routes: Routes) -> Routes {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(crate::DESCRIPTORS)
            .with_service_name(S::NAME)
    };
    match (builder().build_v1(), builder().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => routes.add_service(v1).add_service(v1alpha),
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(cause = %error, "there is no reflection");
            routes
        }
    }
}

async fn says_ready(answer: impl Future<Output = bool>, limit: Duration) -> bool {
    tokio::time::timeout(limit, answer).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_service_that_does_not_say_whether_it_is_ready_is_not() {
        let limit = Duration::ZERO;
        assert!(says_ready(std::future::ready(true), limit).await);
        assert!(!says_ready(std::future::ready(false), limit).await);
        assert!(!says_ready(std::future::pending(), limit).await);
    }
}
