//! Clients of the two services: the same generated types over sockets and in process.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ferrule_cores::PerCore;
use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer as _, Service, ServiceExt as _};
use tracing::Instrument as _;

use crate::deadline::{DeadlineLayer, shrink};
use crate::meters::{self, Call, Side};
use crate::replicas::{Name, Replicas, Resolve, dns};
use crate::tls::{Tls, TlsError};
use crate::trace::SpanLayer;
use crate::v1::instance_registry_client::InstanceRegistryClient;

/// A client of the registry.
pub type RegistryClient = InstanceRegistryClient<Transport>;

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Status>> + Send>>;

/// How often names are asked for their addresses.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(5);

/// How calls reach a service, whichever way that is. Every call gets a deadline, no longer than its own caller
/// waits, the trace context and the request's id. Clones are cheap and share what is connected.
#[derive(Clone)]
pub struct Transport {
    way: Way,
    deadline: Duration,
}

#[derive(Clone)]
enum Way {
    InProcess(Arc<dyn Fn(Request<Body>) -> Answer + Send + Sync>),
    Sockets(Arc<Lines>),
}

/// For each core replicas of its own, so that no call waits for another thread to wake up.
struct Lines {
    names: Vec<Name>,
    tls: Option<Tls>,
    resolve: Resolve,
    resolve_interval: Duration,
    replicas: PerCore<Replicas>,
}

impl Lines {
    /// Those of the core that asks; they are looked for from the first time on.
    fn of_this_core(&self) -> &Replicas {
        self.replicas.get_or_init(|| {
            Replicas::find(
                self.names.clone(),
                self.tls.clone(),
                Arc::clone(&self.resolve),
                self.resolve_interval,
            )
        })
    }
}

/// Calls over sockets, to every replica in turn. Connections are made, and made again, by themselves.
///
/// `urls`: comma separated, each `http://host:port`, `https://host:port` with `tls`, or `dns:///host:port`; each
/// address of a name is a replica. `deadline` holds for calls that set none. Call it within a Tokio runtime.
pub fn connect(urls: &str, tls: Option<&Tls>, deadline: Duration) -> Result<Transport, TlsError> {
    meters::describe();
    let names = Name::parse_all(urls, tls.is_some())?;
    Ok(Transport::over_sockets(
        names,
        tls,
        dns(),
        RESOLVE_INTERVAL,
        deadline,
    ))
}

/// Calls to a service of this process: no socket, the same deadlines and trace context.
pub fn in_process<S>(service: S, deadline: Duration) -> Transport
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    meters::describe();
    let service = SpanLayer.layer(DeadlineLayer.layer(service));
    let call = move |request| -> Answer {
        let service = service.clone();
        Box::pin(async move {
            match service.oneshot(request).await {
                Ok(answer) => Ok(answer),
                Err(never) => match never {},
            }
        })
    };
    Transport {
        way: Way::InProcess(Arc::new(call)),
        deadline,
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let limit = shrink(request.headers_mut(), self.deadline);
        let measured = Call::begin(Side::Client, request.uri().path());
        crate::trace::inject(measured.span(), request.headers_mut());
        crate::request_id::inject(request.headers_mut());
        let way = self.way.clone();
        let span = measured.span().clone();
        let answer = async move {
            // Kept on this side too: a tonic server in process knows no deadline, one that is away cannot keep it.
            let limit = limit.ok_or_else(too_late)?;
            let answer = async {
                match way {
                    Way::InProcess(call) => call(request).await,
                    Way::Sockets(lines) => lines.of_this_core().call(request).await,
                }
            };
            tokio::time::timeout(limit, answer)
                .await
                .unwrap_or_else(|_| Err(too_late()))
        };
        Box::pin(async move {
            let answer = answer.instrument(span).await;
            measured.end(answer.as_ref());
            answer
        })
    }
}

pub(crate) fn too_late() -> Status {
    Status::new(Code::DeadlineExceeded, "the call's deadline passed")
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::InProcess(_) => "Transport { in process }",
            Way::Sockets(_) => "Transport { sockets }",
        })
    }
}

impl Transport {
    fn over_sockets(
        names: Vec<Name>,
        tls: Option<&Tls>,
        resolve: Resolve,
        resolve_interval: Duration,
        deadline: Duration,
    ) -> Self {
        let lines = Lines {
            names,
            tls: tls.cloned(),
            resolve,
            resolve_interval,
            replicas: PerCore::default(),
        };
        lines.of_this_core();
        Self {
            way: Way::Sockets(Arc::new(lines)),
            deadline,
        }
    }
}

#[cfg(test)]
impl Transport {
    /// Calls to whatever this resolver says, which is asked every 20 ms.
    pub(crate) fn resolved_by(resolve: Resolve, url: &str, tls: Option<&Tls>) -> Self {
        let names = Name::parse_all(url, tls.is_some()).unwrap();
        Self::over_sockets(
            names,
            tls,
            resolve,
            Duration::from_millis(20),
            Duration::from_secs(10),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_hangs_ends_at_its_deadline() {
        let hangs = tower::service_fn(|_: Request<Body>| {
            std::future::pending::<Result<Response<Body>, Infallible>>()
        });
        let mut client = in_process(hangs, Duration::from_millis(5));
        let error = client.call(Request::new(Body::empty())).await.unwrap_err();
        assert_eq!(error.code(), Code::DeadlineExceeded);
    }
}
