//! Connectors as data: a connector is a TOML file, read once at start into values that hold only what is valid.
//!
//! [`Catalog::load`] layers the built-in files, files handed over in memory and an operator's folder;
//! [`check_directory`] says everything that is wrong with a folder, with lines. `docs/connectors.md` describes
//! the format. A file is data only: its templates reach declared, non-secret parameters, and no value of a
//! parameter moves an address to another host.

mod address;
mod answer;
mod api;
mod auth;
mod built_in;
mod catalog;
mod connector;
mod directory;
mod discovered;
mod header;
mod long_lived;
mod nearest;
mod oauth1;
mod paging;
mod parameter;
mod pieces;
mod problem;
mod reach;
mod read;
mod returned;
mod section;
mod template;
mod token_server;

pub use answer::{AnswerShape, ExpiresAs};
pub use api::{Api, Method, Ping, Resource};
pub use auth::{ApiKey, Auth, Basic, OAuth2, Pkce, Refresh, Sent};
pub use catalog::{Catalog, ConnectorSource, LoadOptions, check_directory};
pub use connector::Connector;
pub use discovered::{Discovered, Discovery};
pub use header::{CLIENT_ID, Credentials, HeaderTemplate};
pub use long_lived::{LongLived, LongLivedValue, Renewal};
pub use oauth1::{OAuth1, SignatureMethod};
pub use paging::{AnswerPath, Paging, PagingStyle, Step};
pub use parameter::{Parameter, ParameterError, Parameters, Pattern, Place};
pub use problem::{LoadError, Problem};
pub use returned::Returned;
pub use template::Template;
pub use token_server::{ClientAuth, TokenRequestFormat, TokenServer};

/// The format as a JSON Schema, for editors.
pub const JSON_SCHEMA: &str = include_str!("../connector.schema.json");
