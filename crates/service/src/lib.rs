//! What each main needs: settings, telemetry, health, lifecycle.
//!
//! A main is [`Program::run`] (or [`run_main`]) with what the program does as its argument. It reads the
//! [`settings::Layers`], starts [`telemetry`], installs the [`tls`] provider, hands over a token that is
//! cancelled when the process shall end ([`lifecycle`]), and turns an error into one line and an exit code.
//! [`health`] is what orchestrators ask, [`metrics`] what is counted; [`bind`] opens a socket or says which setting to change.
//!
//! This crate knows no domain: settings are plain types, and each service builds its own struct of them.

mod arguments;
pub mod health;
mod health_check;
pub mod lifecycle;
mod listener;
pub mod metrics;
mod one_line;
mod program;
pub mod settings;
pub mod telemetry;
pub mod tls;

pub use arguments::{Command, Program};
pub use listener::{BindError, announce, bind};
pub use program::{Start, run_main, say};

/// Every program's: it spends less time than the system's on what lives as long as one request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The version of Ferrule that this process was built from.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
