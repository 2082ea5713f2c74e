//! `cargo xtask ci`: all that a change must pass, the cheapest first.

use std::process::Command;

use crate::{step, test, tools, workspace};

/// Runs every check, then every test; ends at the first that fails.
pub fn run() -> anyhow::Result<()> {
    step::run("format", &mut workspace::cargo(&["fmt", "--all", "--check"])?)?;
    let clippy = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    step::run("clippy", &mut workspace::cargo(&clippy)?)?;
    let deny = ["check", "bans", "licenses", "sources"];
    step::run(
        "deny",
        Command::new(tools::deny()?)
            .args(deny)
            .current_dir(workspace::root()?),
    )?;
    let mut docs = workspace::cargo(&["doc", "--workspace", "--no-deps"])?;
    step::run("docs", docs.env("RUSTDOCFLAGS", "-D warnings"))?;
    test::run()
}
