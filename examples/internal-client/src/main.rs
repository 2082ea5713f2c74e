//! An internal service that reads instances and their access tokens by gRPC (docs/internal-grpc.md). It knows the
//! published `.proto` file and nothing else of Ferrule's.

mod registry;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::registry::{NewInstance, Registry};

/// Reads instances and their access tokens.
#[derive(Parser)]
struct Arguments {
    /// The registry's gRPC address: http://… or, with the three files, https://…
    #[arg(long, env = "FERRULE_GRPC_URL", default_value = "http://127.0.0.1:7002")]
    url: String,
    /// The user's secret.
    #[arg(long, env = "FERRULE_USER_SECRET", hide_env_values = true)]
    user: String,
    /// The organization's secret.
    #[arg(long, env = "FERRULE_ORGANIZATION_SECRET", hide_env_values = true)]
    organization: String,
    /// This client's certificate chain, a PEM file.
    #[arg(long, requires_all = ["key", "ca"])]
    certificate: Option<PathBuf>,
    /// Its key.
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
    /// Who signs the registry's certificate.
    #[arg(long, requires = "certificate")]
    ca: Option<PathBuf>,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// One line an instance: id, connector, name, whether it is valid.
    List,
    /// The same line of one instance.
    Get { id: i64 },
    /// Prints an access token of the vendor that is good now.
    Token { id: i64 },
    /// Makes an instance of a code that the vendor gave to your own callback.
    Create(NewInstance),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let arguments = Arguments::parse();
    let mut registry = Registry::connect(&arguments)?;
    let lines = act(&mut registry, arguments.act)
        .await
        .map_err(|status| explain(&status))?;
    let mut out = std::io::stdout();
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}

async fn act(registry: &mut Registry, act: Act) -> Result<Vec<String>, Status> {
    let instances = match act {
        Act::List => registry.list().await?,
        Act::Get { id } => vec![registry.get(id).await?],
        Act::Create(new) => vec![registry.create(new).await?],
        Act::Token { id } => return Ok(vec![registry.access_token(id).await?]),
    };
    Ok(instances
        .iter()
        .map(|it| format!("{}\t{}\t{}\tvalid={}", it.id, it.element_key, it.name, it.valid))
        .collect())
}

/// What the registry said: its reason stands in `google.rpc.ErrorInfo`, its words in the status.
fn explain(status: &Status) -> anyhow::Error {
    let reason = status.get_details_error_info().map(|info| info.reason);
    let reason = reason.unwrap_or_else(|| format!("{:?}", status.code()));
    anyhow::anyhow!("{reason}: {}", status.message())
}
