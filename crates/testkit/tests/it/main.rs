//! The end user of this kit at the vendor that someone else wrote.

mod oidc_provider;
