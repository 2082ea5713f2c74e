//! Clients of the two services: the same generated types over a socket and in process.

use std::convert::Infallible;
use std::error::Error;
use std::time::Duration;

use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, Service};

use crate::call::Outgoing;
use crate::tls::{Tls, TlsError};
use crate::trace::SpanLayer;
use crate::v1::instance_registry_client::InstanceRegistryClient;
use crate::v1::oauth_broker_client::OauthBrokerClient;

/// How calls reach a service, whichever way that is.
pub type Transport = BoxCloneSyncService<Request<Body>, Response<Body>, Status>;

/// A client of the broker.
pub type BrokerClient = OauthBrokerClient<Transport>;

/// A client of the registry.
pub type RegistryClient = InstanceRegistryClient<Transport>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// Calls over a socket. It connects at the first call and again whenever the peer went away.
///
/// `url` is `http://host:port`, or `https://host:port` with `tls`. `deadline` holds for calls that set none.
pub fn connect(url: &str, tls: Option<&Tls>, deadline: Duration) -> Result<Transport, TlsError> {
    let mut endpoint = Endpoint::from_shared(url.to_owned())
        .map_err(|_| TlsError::Address(url.to_owned()))?
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .keep_alive_while_idle(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(CONNECT_TIMEOUT);
    if let Some(tls) = tls {
        endpoint = endpoint
            .tls_config(tls.client())
            .map_err(|error| TlsError::Unusable(cause(&error)))?;
    }
    let channel: Channel = endpoint.connect_lazy();
    Ok(Transport::new(Outgoing {
        inner: channel,
        deadline,
    }))
}

/// The innermost words of an error whose own say only that it came from the transport.
fn cause(error: &dyn Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

/// Calls to a service of this process: no socket, the same deadlines and trace context.
pub fn in_process<S>(service: S, deadline: Duration) -> Transport
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    Transport::new(Outgoing {
        inner: SpanLayer.layer(service),
        deadline,
    })
}
