//! Starts real servers, vendors and Ferrule's own binaries for tests.
//!
//! Everything blocks, listens on a free loopback port, keeps its files in a temporary directory and ends when
//! its guard is dropped. What is missing on the machine is a failure that says what to do, never a skipped
//! test: `cargo xtask tools` finds or installs it all. Inside an async test, call this from
//! `tokio::task::spawn_blocking`, or use a runtime with several threads.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test kit fails a test by panicking, with words that say what was expected"
)]

mod authority;
mod balancer;
mod behaviour;
mod browser;
mod chromium;
mod cookies;
mod daemon;
mod families;
mod html;
mod http_client;
mod http_message;
mod kept_connection;
mod oauth1_provider;
mod oidc_provider;
mod page;
mod pgbouncer;
mod places;
mod postgres;
mod process;
mod redis;
mod redis_cluster;
mod redis_sentinels;
mod relay;
mod request;
mod resp;
mod scripted;
mod token_endpoint;
mod wait;

pub use authority::{Authority, Certified};
pub use balancer::Balancer;
pub use behaviour::Behaviour;
pub use browser::{Browser, Landing};
pub use chromium::Chromium;
pub use families::{Outcome, Refresh};
pub use http_client::{Answer, HttpClient};
pub use kept_connection::KeptConnection;
pub use oauth1_provider::{BROUGHT_TOKEN, BROUGHT_TOKEN_SECRET, OAuth1Provider};
pub use oidc_provider::{ClientAuthentication, OidcOptions, OidcProvider};
pub use page::Decision;
pub use pgbouncer::PgBouncer;
pub use places::{axe, binary, free_port, kubernetes_tool, openapi_python};
pub use postgres::Postgres;
pub use process::Process;
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use redis_sentinels::RedisSentinels;
pub use relay::{Exchange, Relay};
pub use request::Request;
pub use resp::Reply;
pub use scripted::Scripted;
pub use token_endpoint::{Held, TokenEndpoint};
pub use wait::wait_until;

/// The one client that the vendors of this kit know.
pub const CLIENT_ID: &str = "ferrule-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "ferrule-secret";
