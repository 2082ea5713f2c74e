//! This kit at work: its end user, its scripted vendor, and the vendor that someone else wrote.

mod browser;
mod oauth1_provider;
mod oidc_provider;
mod token_endpoint;
