//! Where this workspace and its target directory are, and how to call cargo in it.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Context;

/// The folder with the workspace's manifest.
pub fn root() -> anyhow::Result<PathBuf> {
    // Asked at run time: one target directory may serve several clones.
    let here = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let root = here.as_deref().and_then(|here| here.parent());
    root.map(ToOwned::to_owned).context("call this as `cargo xtask`")
}

/// A folder of ours in the target directory, for what is made once and kept. The test kit looks for it there too.
pub fn kept(name: &str) -> anyhow::Result<PathBuf> {
    let program = env::current_exe().context("the path of this program")?;
    // target/debug/xtask
    let target = program
        .ancestors()
        .nth(2)
        .context("this program stands in a target directory")?;
    Ok(target.join(name))
}

/// `cargo` with these arguments, in the workspace's root.
pub fn cargo(arguments: &[&str]) -> anyhow::Result<Command> {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.args(arguments).current_dir(root()?);
    Ok(command)
}
