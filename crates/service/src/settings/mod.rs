//! Settings: environment variables over a TOML file over defaults.
//!
//! [`VARIABLES`] is the whole list, and what `--help` shows. [`Layers::read`] takes the environment as an
//! argument and keeps, for each variable, the value in force and where it came from; the typed reads
//! ([`Layers::address`], [`Layers::url`], …) parse it or say what to write instead. Each service builds its
//! own struct from them, once, at start.

mod config_file;
mod error;
mod grpc;
mod layers;
mod mask;
mod origin;
mod print;
mod typed;
mod variables;

pub use error::SettingsError;
pub use grpc::GrpcTlsFiles;
pub use layers::Layers;
pub use mask::{MASK, mask};
pub use origin::{Form, Source};
pub use print::{help, print_config};
pub use variables::{VARIABLES, Variable};
