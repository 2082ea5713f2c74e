//! Authorization URLs, callbacks, vendors' token endpoints: everything that talks OAuth to vendors.
//!
//! `rpc` is the table of contents; each verb is a file. What is remembered between two calls lies in
//! [`handshake`], sealed.

mod authorize;
mod callback;
mod claim;
mod confirm;
mod exchange;
mod expected;
mod find_outcome;
pub mod handshake;
mod journal;
pub mod key_ring;
mod process;
mod refusals;
mod reply;
mod revoke;
mod rpc;
pub mod settings;
mod state;
mod token_request;

pub use process::run;
pub use settings::{ProcessSettings, Settings};
pub use state::Broker;
