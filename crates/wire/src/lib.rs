//! What travels between services: the generated gRPC types, the reasons they refuse with, and how clients
//! and servers are set up, in process and over sockets: deadlines, trace context, meters, request ids, TLS, replicas, and the
//! table of who may call what ([`Role`]).

mod access;
mod broker_client;
mod client;
mod deadline;
mod health;
mod meters;
mod peers;
mod reason;
mod redacted;
mod replicas;
mod request_id;
mod server;
mod sockets;
#[cfg(test)]
mod tests;
mod tls;
mod trace;

/// The messages and services of `proto/ferrule/v1`.
#[expect(
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::large_enum_variant,
    missing_docs,
    reason = "generated"
)]
pub mod v1 {
    tonic::include_proto!("ferrule.v1");
}

/// Both `.proto` files and what they import, as `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/ferrule.v1.bin"));

pub use access::{Role, Roles};
pub use broker_client::BrokerClient;
pub use client::{RegistryClient, Transport, connect, in_process};
pub use deadline::{with_deadline, within};
pub use health::is_serving;
pub use peers::Peers;
pub use reason::{Reason, Refusal};
pub use request_id::{current_request_id, on_behalf_of, request_id_of};
pub use server::{ServeError, Server, ServerOptions};
pub use sockets::Doors;
pub use tls::{Tls, TlsError};
