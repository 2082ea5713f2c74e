//! `cargo xtask bench`: Ferrule against nginx and against the floors of `crates/bench-floor`, side by side.
//!
//! Every round visits every target, so that a ratio of two targets shares the machine's mood; what counts is the
//! median of the rounds' ratios, never a rate by itself.

mod callers;
mod cpu;
mod lines;
mod machine;
mod nginx;
mod product;
mod schedule;
mod table;
mod targets;
mod world;
mod wrk;

use std::time::{Duration, Instant};

use crate::{packages, step, workspace};
use lines::{LINES, Row};
use table::Figures;
use targets::{Measure, Target};
use world::World;

/// What to measure, and for how long.
#[derive(clap::Args)]
pub struct Options {
    /// The rows to measure; all when none is named
    rows: Vec<Row>,
    /// How often everything is visited
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=10))]
    rounds: u8,
    /// How long a visit takes
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Measure what was built before, and build nothing
    #[arg(long)]
    no_build: bool,
}

/// Builds, starts, measures, and prints a table.
pub fn run(options: &Options) -> anyhow::Result<()> {
    packages::find_or_install(packages::FOR_BENCH)?;
    if !options.no_build {
        build()?;
    }
    let programs = workspace::kept("release")?;
    let wanted = |row| options.rows.is_empty() || options.rows.contains(&row);
    let lines: Vec<_> = LINES.iter().filter(|line| wanted(line.row)).collect();
    let mut targets: Vec<Target> = lines
        .iter()
        .flat_map(|line| [line.against, line.target])
        .collect();
    targets.sort_unstable();
    targets.dedup();

    eprintln!("==> start");
    let mut world = World::start(&programs, &targets, options.rounds)?;
    let mut figures = Figures::default();
    for target in targets.iter().filter(|target| target.is_served()) {
        world.visit(*target, target.warm_up())?;
    }
    for round in 1..=options.rounds {
        eprintln!("==> round {round} of {}", options.rounds);
        let (busy, ours, start) = (cpu::all(), cpu::ours(), Instant::now());
        for target in &targets {
            let visit = world.visit(*target, Duration::from_secs(options.seconds.into()))?;
            figures.add(*target, &visit);
        }
        let others = (cpu::all() - busy) - (cpu::ours() - ours);
        figures.note_others(others / start.elapsed().as_secs_f64());
    }
    table::print(&machine::words(), &lines, &targets, &figures);
    Ok(())
}

/// Builds the product and the floors with one profile.
fn build() -> anyhow::Result<()> {
    let mut cargo = workspace::cargo(&["build", "--release", "--locked", "--bins"])?;
    for package in [
        "ferrule",
        "ferrule-bench-floor",
        "ferrule-gateway",
        "ferrule-instance-registry",
        "ferrule-oauth-broker",
    ] {
        cargo.args(["--package", package]);
    }
    step::run("build", &mut cargo)
}
