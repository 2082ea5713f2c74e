//! Compiles the `.proto` files without protoc.

use std::error::Error;
use std::path::Path;

use prost::Message as _;

/// Messages that hold secrets: their `Debug` is written by hand in `src/redacted.rs`.
const SECRET_MESSAGES: &[&str] = &[
    ".ferrule.v1.AuthorizeRequest",
    ".ferrule.v1.AuthorizeResponse",
    ".ferrule.v1.RequestTokenRequest",
    ".ferrule.v1.RequestTokenResponse",
    ".ferrule.v1.CallbackRequest",
    ".ferrule.v1.CallbackResponse",
    ".ferrule.v1.FindOutcomeRequest",
    ".ferrule.v1.ExchangeRequest",
    ".ferrule.v1.ExchangeResponse",
    ".ferrule.v1.ExchangeResponse.outcome",
    ".ferrule.v1.Grant",
    ".ferrule.v1.RevokeRequest",
    ".ferrule.v1.RefreshRequest",
    ".ferrule.v1.RefreshResponse",
    ".ferrule.v1.RefreshResponse.outcome",
    ".ferrule.v1.ReadJournalResponse",
    ".ferrule.v1.Credential",
    ".ferrule.v1.Signing",
    ".ferrule.v1.App",
    ".ferrule.v1.FindAppRequest",
    ".ferrule.v1.PutAppRequest",
    ".ferrule.v1.Caller",
    ".ferrule.v1.CreateConnectSessionRequest",
    ".ferrule.v1.OpenConnectLinkRequest",
    ".ferrule.v1.FinishConnectRequest",
    ".ferrule.v1.ConnectLink",
    ".ferrule.v1.Credentials",
    ".ferrule.v1.OpenSessionRequest",
    ".ferrule.v1.FindSessionRequest",
    ".ferrule.v1.CloseSessionRequest",
    ".ferrule.v1.ProviderData",
    ".ferrule.v1.CreateInstanceRequest",
    ".ferrule.v1.UpdateInstanceRequest",
    ".ferrule.v1.Instance",
    ".ferrule.v1.ListInstancesResponse",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("../../proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let files = ["ferrule/v1/broker.proto", "ferrule/v1/registry.proto"];
    let descriptors = protox::compile(files, [root])?;
    // Served by reflection, and read by a test that asks who may call each method.
    let out = std::env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?;
    std::fs::write(
        Path::new(&out).join("ferrule.v1.bin"),
        descriptors.encode_to_vec(),
    )?;
    tonic_prost_build::configure()
        .btree_map(".")
        .skip_debug(SECRET_MESSAGES.iter().copied())
        .compile_fds(descriptors)?;
    Ok(())
}
