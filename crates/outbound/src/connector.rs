//! From a host to a connection: name, guard, TCP and TLS within one time.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use tokio::net::TcpStream;
use tower::Service;

use crate::address::Guard;
use crate::counted::{Counted, describe_metrics, failed};
use crate::error::NotSent;
use crate::resolver::GuardedResolver;
use crate::roots::Roots;

/// Connects to guarded addresses, with TLS where the address says so.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    tls: HttpsConnector<HttpConnector<GuardedResolver>>,
    timeout: Duration,
}

impl Connector {
    /// One that believes these authorities.
    pub(crate) fn new(guard: Guard, roots: Roots, timeout: Duration) -> Self {
        describe_metrics();
        let mut tcp = HttpConnector::new_with_resolver(GuardedResolver(guard));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out among a name's addresses, so that a silent one leaves time for the next.
        tcp.set_connect_timeout(Some(timeout));
        #[expect(
            clippy::expect_used,
            reason = "this provider has the safe default versions built in"
        )]
        let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3 are supported")
            .with_root_certificates(roots.0)
            .with_no_client_auth();
        let tls = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        Self { tls, timeout }
    }
}

type BoxError = Box<dyn Error + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = Counted<MaybeHttpsStream<TokioIo<TcpStream>>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tls.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connected = tokio::time::timeout(self.timeout, self.tls.call(uri));
        Box::pin(async {
            let connected = connected.await.unwrap_or_else(|_| Err(NotSent::Timeout.into()));
            connected.map(Counted::new).inspect_err(|_| failed())
        })
    }
}
