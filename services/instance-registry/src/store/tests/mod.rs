//! One suite for two databases: what holds on SQLite holds on PostgreSQL.

mod auditing;
mod connecting;
mod deleting;
mod finding;
mod idempotency;
mod identities;
mod inserting;
mod listing;
mod migrations;
mod opening;
mod pausing;
mod refreshing;
mod scheduling;
mod sessions;
mod updating;
mod vendor_apps;
mod world;
