//! A proxy that asks the gRPC server for the token of every call.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tonic::transport::Channel;

use crate::broker;
use crate::credentials::ROWS;
use crate::wire::TokenRequest;
use crate::wire::floor_client::FloorClient;

#[derive(Clone)]
struct Proxy {
    client: Client<HttpConnector, Body>,
    broker: FloorClient<Channel>,
    upstream: Authority,
    next: Arc<AtomicI64>,
}

pub(crate) async fn routes(broker: &str, upstream: &str) -> anyhow::Result<Router> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let proxy = Proxy {
        client: Client::builder(TokioExecutor::new()).build(connector),
        broker: broker::connect(broker).await?,
        upstream: upstream.parse().context("the upstream's host and port")?,
        next: Arc::default(),
    };
    let pass = async |State(proxy): State<Proxy>, request: Request<Body>| -> Response {
        proxy.pass(request).await.unwrap_or_else(|error| {
            let words = error.to_string();
            (StatusCode::BAD_GATEWAY, words).into_response()
        })
    };
    Ok(Router::new().fallback(any(pass)).with_state(proxy))
}

impl Proxy {
    async fn pass(mut self, mut request: Request<Body>) -> anyhow::Result<Response> {
        let id = self.next.fetch_add(1, Ordering::Relaxed) % ROWS + 1;
        let token = self.broker.token(TokenRequest { id }).await?.into_inner();
        let authorization = HeaderValue::try_from(format!("Bearer {}", token.access_token))?;

        let mut uri = std::mem::take(request.uri_mut()).into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.upstream);
        *request.uri_mut() = Uri::from_parts(uri)?;
        request.headers_mut().remove(HOST);
        request.headers_mut().insert(AUTHORIZATION, authorization);
        Ok(self.client.request(request).await?.map(Body::new))
    }
}
