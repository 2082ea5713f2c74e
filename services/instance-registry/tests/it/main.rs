//! The registry over its gRPC surface, with SQLite and a broker that a test holds in its hands.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod apps;
mod at_rest;
mod auditing;
mod broker_double;
mod codes;
mod connecting;
mod connectors;
mod creating;
mod deleting;
mod external;
mod identity;
mod kept;
mod keys;
mod late_answers;
mod listing;
mod migrating;
mod refreshing;
mod resolving;
mod second_looks;
mod serving;
mod sessions;
mod setbacks;
mod stored_app;
mod updating;
mod vendor_double;
mod world;
