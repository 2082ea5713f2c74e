//! Vendors' credentials for calls through instances: asked of the registry, held for a second at most.

mod asker;
mod authorization;
mod basic;
mod cache;
mod credential;
mod flight;
mod origin;
mod signing;

pub(crate) use asker::Asker;
pub(crate) use cache::Credentials;
pub(crate) use credential::Credential;
