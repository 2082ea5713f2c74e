//! The public face: REST under `/elements/api-v2`, the hosted callback and its pages.
//!
//! A request passes `serve` (the connection), `request_id` (its id, its span, the one log line), `headers` and
//! `head_limit`, then one handler of `handlers/`, which reads the caller by `auth` and `caller`, what the path names
//! by `path` and `target`, calls the broker or the registry, and answers. Whatever says no is an
//! `errors::ApiError`, turned into the contract's JSON in one place. Calls through an instance branch off before
//! the routes, into `proxy`. [`process`] is the gateway on its own.

mod auth;
mod body;
mod caller;
mod ceql;
mod credentials;
mod element_json;
mod errors;
mod etag;
mod handlers;
mod head_limit;
mod headers;
mod instance_body;
mod instance_json;
mod limit;
mod meters;
mod openapi;
mod pages;
mod paging;
mod path;
pub mod process;
mod proxy;
mod query;
mod request_id;
mod routes;
mod serve;
pub mod settings;
mod stall;
mod state;
mod target;

use ferrule_cores::Cores;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use proxy::lone_ping;
pub use settings::{ProcessSettings, Settings};
pub use state::Gateway;

/// Serves on `cores` until `shutdown`, then finishes what is in flight within the drain time.
pub async fn run(gateway: Gateway, listener: TcpListener, cores: &Cores, shutdown: CancellationToken) {
    let drain = gateway.settings().drain;
    let forgetting = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.forget_quiet_callers().await }
    });
    serve::serve(listener, gateway, cores, shutdown, drain).await;
    forgetting.abort();
}
