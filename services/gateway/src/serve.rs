//! The HTTP/1.1 server: each connection on one core, limits on what it may send, and a stop that cuts no call off.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, header};
use axum::response::{IntoResponse as _, Response};
use axum::{BoxError, Router};
use ferrule_cores::Cores;
use futures::FutureExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::proxy::{self, Way};
use crate::request_id::Asked;
use crate::stall::StallGuard;
use crate::state::Gateway;
use crate::{head_limit, headers, request_id, routes};

/// What logs and traces call a call through an instance: its path belongs to the caller and the vendor.
pub(crate) const HUB_ROUTE: &str = "/elements/api-v2/hubs/{hub}/{*path}";

/// About as much is buffered of a request's head; `head_limit` refuses with words what is shorter.
const MAX_HEAD: usize = 64 * 1024;

/// How long a client may take to send its headers, the first ones of a connection or the next.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);

/// How long connections are still taken that the system accepted before the stop: it would reset them.
const LAST_CONNECTIONS: Duration = Duration::from_millis(50);

/// How long a connection between two calls stays open after the stop. Its next answer says that it is the last, so that
/// a client that calls again does not meet a closed door.
const LAST_CALLS: Duration = Duration::from_secs(1);

/// Serves until `shutdown`, then lets what is in flight finish within `drain`.
pub(crate) async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    cores: &Cores,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let connections = GracefulShutdown::new();
    let open = TaskTracker::new();
    let routes = routes::router(gateway.clone());
    let serve = |stream: TcpStream, peer: SocketAddr| {
        // Answers are small and written at once; a socket that refuses the option still works.
        let _ = stream.set_nodelay(true);
        let Ok(stream) = stream.into_std() else { return };
        let (watcher, seat) = (connections.watcher(), cores.seat());
        let caller = Arc::new(Caller {
            gateway: gateway.clone(),
            routes: routes.clone(),
            peer,
            shutdown: shutdown.clone(),
        });
        let connection = async move {
            let stream = TcpStream::from_std(stream)?;
            let service = service_fn(move |request| answer(Arc::clone(&caller), request));
            let connection = server().serve_connection(TokioIo::new(StallGuard::new(stream)), service);
            Ok::<_, BoxError>(watcher.watch(connection).await?)
        };
        let core = seat.runtime().clone();
        core.spawn(open.track_future(async move {
            let _seat = seat;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        }));
    };

    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => serve(stream, peer),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    let last = Instant::now() + LAST_CONNECTIONS;
    while let Ok(Ok((stream, peer))) = timeout_at(last, listener.accept()).await {
        serve(stream, peer);
    }
    drop(listener);
    open.close();
    let finished = async {
        if timeout(LAST_CALLS, open.wait()).await.is_err() {
            connections.shutdown().await;
        }
    };
    if timeout(drain, finished).await.is_err() {
        tracing::warn!("requests were still in flight when the drain time was over");
    }
}

fn server() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        // Names as the contract writes them: some of its clients compare them letter by letter.
        .title_case_headers(true);
    builder
}

/// Who calls, and what a call needs. Each connection has one of its own: its core alone counts who uses it.
struct Caller {
    gateway: Gateway,
    routes: Router,
    peer: SocketAddr,
    shutdown: CancellationToken,
}

/// Calls through an instance go straight to the vendor, everything else by the routes. Once the gateway was told to
/// stop, the answer says that the connection ends with it.
async fn answer(caller: Arc<Caller>, mut request: Request<Incoming>) -> Result<Response, Infallible> {
    let mut answer = if proxy::below_hub(request.uri().path()).is_some() {
        call(&caller.gateway, request).await
    } else {
        request.extensions_mut().insert(ConnectInfo(caller.peer));
        let routes = caller.routes.clone();
        routes.oneshot(request.map(Body::new)).await?
    };
    if caller.shutdown.is_cancelled() {
        let headers = answer.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(answer)
}

/// In the same layers as a route.
async fn call(gateway: &Gateway, request: Request<Incoming>) -> Response {
    let asked = Asked::new(gateway.chance(), HUB_ROUTE, &request);
    request_id::passed(&asked, request, |request| {
        headers::api(request, async |request| {
            if let Err(error) = head_limit::check(&request) {
                return error.into_response();
            }
            let answer = AssertUnwindSafe(proxy::answer(gateway, request, Way::Hub, || asked.span()));
            answer.catch_unwind().await.unwrap_or_else(routes::panicked)
        })
    })
    .await
}
