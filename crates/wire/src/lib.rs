//! What travels between services: the generated gRPC types, the reasons they refuse with, and how clients
//! and servers are set up (deadlines, trace context, request ids, TLS), in process and over sockets.

mod call;
mod client;
mod health;
mod reason;
mod redacted;
mod request_id;
mod server;
mod tls;
mod trace;

/// The messages and services of `proto/ferrule/v1`.
#[expect(
    clippy::pedantic,
    clippy::allow_attributes,
    missing_docs,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("ferrule.v1");
}

pub use call::within;
pub use client::{BrokerClient, RegistryClient, Transport, connect, in_process};
pub use health::is_serving;
pub use reason::{Reason, Refusal};
pub use request_id::{current_request_id, on_behalf_of, request_id_of};
pub use server::{ServeError, Server};
pub use tls::{Tls, TlsError};
