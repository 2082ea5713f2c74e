//! Ferrule as a cluster: gateways, registries and brokers as processes of their own, over gRPC, with a real Redis
//! and a real PostgreSQL.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod api;
mod at_rest;
mod certificates;
mod crashes;
mod health;
mod hosted_login;
mod key_rotation;
mod mutual_tls;
mod nemesis;
mod one_exchange;
mod paused;
mod restarts;
mod search;
mod service;
mod starting;
mod stores_away;
mod trace_context;
mod vendors;
mod world;
