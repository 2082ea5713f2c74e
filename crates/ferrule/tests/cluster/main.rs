//! Ferrule as a cluster: gateways, registries and brokers as processes of their own, over gRPC, with a real Redis
//! and a real PostgreSQL.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod api;
mod at_rest;
mod calls;
mod certificates;
mod collector;
mod crashes;
mod health;
mod hosted_login;
mod key_rotation;
mod mutual_tls;
mod nemesis;
mod one_exchange;
mod one_refresh;
mod paused;
mod refresh_faults;
mod refresh_nemesis;
mod restarts;
mod restored;
mod rolling;
mod rolling_gateways;
mod rotated_certificates;
mod search;
mod service;
mod starting;
mod store_limits;
mod stores_away;
mod trace_context;
mod traces;
mod vendor_faults;
mod vendors;
mod world;
