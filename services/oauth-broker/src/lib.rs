//! Authorization URLs, callbacks, vendors' token endpoints: everything that talks OAuth to vendors.
//!
//! `rpc` is the table of contents; each verb is a file. What is remembered between two calls lies in
//! [`handshake`], sealed.

mod authorize;
mod callback;
mod claim;
mod confirm;
mod confirm_refresh;
pub mod discovery;
mod exchange;
mod expected;
mod fill;
mod find_outcome;
pub mod handshake;
mod journal;
pub mod key_ring;
mod oauth1;
mod process;
mod read_journal;
mod refresh;
mod refusals;
mod reply;
mod retry_after;
mod revoke;
mod rpc;
pub mod settings;
mod state;
mod token_endpoint;
mod token_request;
mod under_way;
mod vendor_call;
mod verdict;
mod without_user;

pub use process::run;
pub use settings::{ProcessSettings, Settings};
pub use state::Broker;
