//! The client itself: connections, limits, and one exchange.

use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tracing::field::{Empty, debug};
use tracing::{Instrument as _, info_span};

use crate::address::Guard;
use crate::connector::Connector;
use crate::error::{NotSent, OutboundError, Unanswered};
use crate::pool::Pool;
use crate::roots::Roots;

/// How long an unused connection is kept. Short, since a request sent into a connection that the vendor is just
/// closing may be lost, and a token request cannot be repeated.
const IDLE: Duration = Duration::from_secs(15);

/// How many unused connections are kept for each host.
const IDLE_PER_HOST: usize = 32;

/// How often an HTTP/2 connection in use is asked whether it still lives.
pub(crate) const HTTP2_PING: Duration = Duration::from_secs(10);

/// What holds for every request.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Loopback and private networks may be reached, and loopback without TLS.
    pub allow_private_networks: bool,
    /// Who may sign a vendor's certificate.
    pub roots: Roots,
    /// The longest that a connection may take, name service and TLS included.
    pub connect_timeout: Duration,
    /// The `User-Agent` of a request that brings none.
    pub user_agent: HeaderValue,
}

/// What holds for one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The longest that the exchange may take, from the first look at the address to the last byte of the answer.
    pub timeout: Duration,
    /// The largest body that is read.
    pub max_body_bytes: usize,
}

/// The client. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client<Connector, Full<Bytes>>,
    /// Calls that are passed through have connections of their own: a rush of them takes none from token requests.
    pub(crate) pool: Pool,
    pub(crate) connector: Connector,
    pub(crate) guard: Guard,
    pub(crate) user_agent: HeaderValue,
}

impl Outbound {
    /// A client that speaks HTTP/1.1 and HTTP/2.
    pub fn new(settings: Settings) -> Self {
        let guard = Guard {
            allow_private_networks: settings.allow_private_networks,
        };
        let connector = Connector::new(guard, settings.roots, settings.connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http2_keep_alive_interval(HTTP2_PING)
            .build(connector.clone());
        Self {
            client,
            pool: Pool::default(),
            connector,
            guard,
            user_agent: settings.user_agent,
        }
    }

    /// One request, one answer, whatever its status. It runs in a span of its own, which names method, host, port
    /// and status, and nothing else of the request.
    ///
    /// A connection that the vendor closed while it was unused is replaced, as long as nothing of the request left.
    ///
    /// # Errors
    /// No whole answer within the limits; [`OutboundError`] says whether the request may have left.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        limits: Limits,
    ) -> Result<Response<Bytes>, OutboundError> {
        let span = info_span!(
            target: "ferrule_trace",
            "outbound",
            otel.name = request.method().as_str(),
            otel.kind = "client",
            http.request.method = %request.method(),
            server.address = request.uri().host(),
            server.port = request.uri().port_u16(),
            http.response.status_code = Empty,
            error.r#type = Empty,
        );
        let outcome = self.exchange(request, limits).instrument(span.clone()).await;
        match &outcome {
            Ok(response) => span.record("http.response.status_code", response.status().as_u16()),
            Err(OutboundError::NotSent { why, .. }) => span.record("error.type", debug(why)),
            Err(OutboundError::Unanswered { why, .. }) => span.record("error.type", debug(why)),
        };
        outcome
    }

    async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        limits: Limits,
    ) -> Result<Response<Bytes>, OutboundError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        if let Err(why) = self.guard.check(request.uri()) {
            return Err(OutboundError::NotSent { host, why });
        }
        let mut request = request.map(|body| Full::new(Bytes::from(body)));
        request
            .headers_mut()
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        let connection = capture_connection(&mut request);

        let answer = async {
            let response = self
                .client
                .request(request)
                .await
                .map_err(|error| OutboundError::from_request(&host, &error))?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, limits.max_body_bytes).collect().await;
            let body = body.map_err(|error| OutboundError::from_body(&host, &*error))?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        };
        match tokio::time::timeout(limits.timeout, answer).await {
            Ok(outcome) => outcome,
            // Until a connection was chosen, nothing can have left.
            Err(_) if connection.connection_metadata().is_none() => Err(OutboundError::NotSent {
                host,
                why: NotSent::Timeout,
            }),
            Err(_) => Err(OutboundError::Unanswered {
                host,
                why: Unanswered::Timeout,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
