//! The gateway over a real socket, against a broker and a registry that do as the test says.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod audit;
mod authorization;
mod broker;
mod callback;
mod catalogue;
mod configuration;
mod connect_links;
mod console;
mod credential_cache;
mod docs;
mod errors;
mod headers;
mod hostile;
mod instances;
mod limits;
mod mood;
mod oauth_url;
mod pages;
mod process;
mod proxied;
mod proxied_headers;
mod proxied_limits;
mod proxied_pages;
mod proxied_paths;
mod proxied_process;
mod proxied_refusals;
mod proxied_streams;
mod reference;
mod registry;
mod requests;
mod server;
mod signed_in;
mod stored_app;
mod vendor;
mod visitor;
mod world;
