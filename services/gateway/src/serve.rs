//! The HTTP/1.1 server: limits on what a connection may send, graceful stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::proxy::{self, Way};
use crate::stall::StallGuard;
use crate::state::Gateway;
use crate::{head_limit, headers, request_id, routes};

/// What logs and traces call a call through an instance: its path belongs to the caller and the vendor.
const HUB_ROUTE: &str = "/elements/api-v2/hubs/{hub}/{*path}";

/// About as much is buffered of a request's head; `head_limit` refuses with words what is shorter.
const MAX_HEAD: usize = 64 * 1024;

/// How long a client may take to send its headers, the first ones of a connection or the next.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// Serves until `shutdown`, then lets what is in flight finish within `drain`.
pub(crate) async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        // Names as the contract writes them: some of its clients compare them letter by letter.
        .title_case_headers(true);
    let connections = GracefulShutdown::new();
    let routes = routes::router(gateway.clone());

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Answers are small and written at once; a socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
        let (gateway, routes) = (gateway.clone(), routes.clone());
        let service = service_fn(move |request| answer(gateway.clone(), routes.clone(), peer, request));
        let connection = builder.serve_connection(TokioIo::new(StallGuard::new(stream)), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(drain, connections.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight when the drain time was over");
    }
}

/// Calls through an instance go straight to the vendor, everything else by the routes.
async fn answer(
    gateway: Gateway,
    routes: Router,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    if proxy::below_hub(request.uri().path()).is_some() {
        return Ok(call(&gateway, request).await);
    }
    request.extensions_mut().insert(ConnectInfo(peer));
    routes.oneshot(request.map(Body::new)).await
}

/// In the same layers as a route.
async fn call(gateway: &Gateway, request: Request<Incoming>) -> Response {
    request_id::answered(gateway.chance(), HUB_ROUTE, request, |request| {
        headers::api(request, async |request| {
            if let Err(error) = head_limit::check(&request) {
                return error.into_response();
            }
            let answer = AssertUnwindSafe(proxy::answer(gateway, request, Way::Hub));
            answer.catch_unwind().await.unwrap_or_else(routes::panicked)
        })
    })
    .await
}
