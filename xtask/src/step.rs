//! Running one command after another, with names and durations.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, ensure};

/// Runs a command to its end; says its name before and how long it took after. An error when it fails.
pub fn run(name: &str, command: &mut Command) -> anyhow::Result<()> {
    eprintln!("==> {name}");
    let start = Instant::now();
    let status = command
        .status()
        .with_context(|| format!("{name}: cannot start {}", command.get_program().display()))?;
    let seconds = start.elapsed().as_secs_f64();
    ensure!(status.success(), "{name} failed after {seconds:.1} s: {status}");
    eprintln!("==> {name}: done in {seconds:.1} s");
    Ok(())
}

/// What a command prints when it succeeds; `None` when it is missing or fails.
pub fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
