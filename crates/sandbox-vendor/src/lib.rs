//! The vendor that ships with Ferrule: a small, strict OAuth 2.0 server with a login page and a contacts API.
//!
//! It knows one client ([`CLIENT_ID`]), asks no password, and believes the name a user gives: it exists so that a
//! first connection works with no account anywhere. Tokens are signed and carry what they grant, so that they
//! survive a restart; codes, spent refresh tokens, revocations and added contacts live in memory.

mod api;
mod authorize;
mod bearer;
mod client;
mod code;
mod connector;
mod consent;
mod contacts;
mod expiring;
mod families;
mod grant;
mod guard;
mod metadata;
mod pages;
mod parameters;
mod pkce;
mod redirect;
mod revoke;
mod routes;
mod settings;
mod signing;
mod token;
mod token_error;
mod user;
mod vendor;

use std::future::Future;

use axum::Router;
use axum::serve::ListenerExt as _;
use ferrule_model::{Chance, Clock};
use tokio::net::TcpListener;

pub use connector::connector_file;
pub use settings::Settings;

/// The one client that this vendor knows.
pub const CLIENT_ID: &str = "sandbox-client";

/// The secret of that client. It guards nothing, and so is no secret.
pub const CLIENT_SECRET: &str = "sandbox-secret";

/// The vendor as a service: every endpoint, its limits and its headers, for one issuer.
pub fn router(settings: Settings, clock: Clock, chance: Chance) -> Router {
    routes::router(vendor::Vendor::new(settings, clock, chance))
}

/// Serves the vendor on this listener until `shutdown` is done and the calls in flight are answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
    });
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown)
        .await
}
