//! `cargo xtask test`: every test of the workspace; none is skipped because something is missing.

use crate::{step, tools, workspace};

/// Finds or installs what the tests need, builds, and runs them.
pub fn run() -> anyhow::Result<()> {
    let vendors = tools::for_tests()?;
    // Tests start our binaries, which therefore come first.
    step::run(
        "build",
        &mut workspace::cargo(&["build", "--workspace", "--lib", "--bins", "--tests"])?,
    )?;
    if tools::has_nextest() {
        step::run(
            "doc tests",
            &mut workspace::cargo(&["test", "--workspace", "--doc"])?,
        )?;
    }
    let tests: &[&str] = if tools::has_nextest() {
        &["nextest", "run", "--workspace", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--no-fail-fast"]
    };
    step::run(
        "tests",
        workspace::cargo(tests)?.env("FERRULE_TEST_VENDORS", vendors),
    )
}
