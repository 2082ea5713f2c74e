//! `ferrule` as the person who starts it meets it: the built binary, `curl`, browsers, vendors, and `kill -9`.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on ends here"
)]

mod anonymous_callers;
mod backups;
mod bash;
mod brought_credentials;
mod calls;
mod certified_vendor;
mod command_line;
mod connect_links;
mod connected;
mod connector_commands;
mod connector_files;
mod connector_trial;
mod crashes;
mod doctor;
mod first_start;
mod fresh_tokens;
mod herd;
mod hosted_callback;
mod hostile_input;
mod internal_clients;
mod keys;
mod logins;
mod metrics;
mod next_starts;
mod oauth1;
mod oauth1_refusals;
mod odd_requests;
mod one_code;
mod organizations;
mod own_callback;
mod pages;
mod refresh_crashes;
mod refused_callbacks;
mod refused_refreshes;
mod refusing_to_start;
mod search;
mod secrets;
mod seed;
mod streaming;
mod tampering;
mod tenancy;
mod vendors;
mod world;
