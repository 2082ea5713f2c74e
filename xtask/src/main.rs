//! Tasks of this workspace: `cargo xtask --help` lists them.
#![expect(clippy::print_stderr, reason = "a task talks to whoever runs it")]

mod bench;
mod ci;
mod compose_test;
mod packages;
mod sbom;
mod step;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

/// Tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Find or install what the tests need, then run every test
    Test,
    /// All that a change must pass: format, clippy, dependencies, docs, tests
    Ci,
    /// Find or install what the tests need: Redis, PostgreSQL, `PgBouncer`, Node.js, Kubernetes' tools, vendors' packages
    Tools,
    /// Measure against nginx and the floors, side by side; see docs/performance.md
    Bench(bench::Options),
    /// Run docker-compose.yml on a Docker of its own, break it under load, and count; needs root
    ComposeTest(compose_test::Options),
    /// Print what one program is made of, in CycloneDX
    Sbom(sbom::Options),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Test => test::run(),
        Task::Ci => ci::run(),
        Task::Tools => tools::for_tests().map(drop),
        Task::Bench(options) => bench::run(&options),
        Task::ComposeTest(options) => compose_test::run(&options),
        Task::Sbom(options) => sbom::run(&options),
    };
    done.map_or_else(
        |error| {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
