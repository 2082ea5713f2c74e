//! The sandbox vendor, seen from outside: as a browser, a client and an API caller see it.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod api;
mod authorize;
mod limits;
mod refresh;
mod serve;
mod token;
mod world;
