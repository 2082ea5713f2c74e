//! A gRPC server over a socket: spans, health, TLS, graceful stop.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tower::Service;

use crate::tls::Tls;
use crate::trace::SpanLayer;

/// How often the health service asks whether the service is ready.
const HEALTH_INTERVAL: Duration = Duration::from_secs(2);

/// How long the service may think about that. One that takes longer would let its callers wait, too.
const HEALTH_LIMIT: Duration = Duration::from_secs(2);

/// The server stopped for a reason of its own.
#[derive(Debug, thiserror::Error)]
#[error("the gRPC server stopped: {0}")]
pub struct ServeError(#[from] tonic::transport::Error);

/// One gRPC service behind a socket.
#[derive(Debug)]
pub struct Server<S> {
    service: S,
    tls: Option<Tls>,
    drain: Duration,
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
    /// `drain`: how long calls in flight may take once the server was told to stop.
    pub fn new(service: S, tls: Option<Tls>, drain: Duration) -> Self {
        Self { service, tls, drain }
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

        let mut builder = tonic::transport::Server::builder().layer(SpanLayer);
        if let Some(tls) = &self.tls {
            builder = builder.tls_config(tls.server())?;
        }
        // A builder's own setting does not reach sockets that are handed to it, and without it small answers wait
        // for the peer's delayed acknowledgement: 40 ms a call.
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        // Boxed, since it is large and every caller up to main would carry it.
        let serving = Box::pin(
            builder
                .add_service(health_service)
                .add_service(self.service)
                .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned()),
        );
        let deadline = async {
            shutdown.cancelled().await;
            tokio::time::sleep(self.drain).await;
        };
        let ended = tokio::select! {
            ended = serving => ended,
            () = deadline => Ok(()),
        };
        reporting.abort();
        Ok(ended?)
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
