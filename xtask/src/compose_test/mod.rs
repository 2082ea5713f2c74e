//! `cargo xtask compose-test`: `docker-compose.yml` for real, on a Docker of its own.
//!
//! No registry is asked: stand-ins for the public images are made from Debian's packages and this machine's
//! toolchain, under the names that the files use. What only a registry has (the collector, Jaeger, Prometheus,
//! Grafana) stays out. It needs root and a Linux with iptables.

mod daemon;
mod faults;
mod flow;
mod https;
mod images;
mod load;
mod stack;
mod stand_ins;
mod table;
mod vendor;

use std::time::Duration;

use crate::{packages, tools, workspace};
use daemon::Docker;
use faults::FAULTS;
use flow::Caller;
use stack::Stack;
use table::Report;
use vendor::Vendor;

/// What to do, and what to leave behind.
#[derive(clap::Args)]
pub struct Options {
    /// Keep images and build layers in the target directory, so that the next run is quick
    #[arg(long)]
    keep: bool,
    /// Use the images that an earlier run kept, and build nothing
    #[arg(long)]
    no_build: bool,
    /// Build everything twice, and compare
    #[arg(long, conflicts_with = "no_build")]
    twice: bool,
}

/// How many instances are called under load, each by its own caller.
const CALLERS: usize = 8;

/// Builds, brings the cluster up, uses it, breaks it, takes it down and up again, and prints a table.
pub fn run(options: &Options) -> anyhow::Result<()> {
    packages::find_or_install(packages::FOR_COMPOSE)?;
    tools::vendors()?;
    let docker = Docker::start(&workspace::kept("ferrule-compose-test")?, options.keep)?;
    stand_ins::make(&docker)?;
    let images = if options.no_build {
        images::kept(&docker)?
    } else {
        images::build(&docker)?
    };
    let same = options
        .twice
        .then(|| images::are_the_same_again(&docker, &images))
        .transpose()?;

    let mut stack = Stack::lay_out(&docker)?;
    let _vendor = Vendor::start(&stack)?;
    let cold = stack.up()?;
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| Caller::connect(&stack))
        .collect::<anyhow::Result<_>>()?;
    let mut report = Report::new(stack.composer(), images, same, cold);
    for fault in FAULTS {
        eprintln!("==> {}", fault.words());
        report.add(*fault, fault.run(&stack, &callers)?);
    }
    eprintln!("==> down and up again");
    stack.down()?;
    let again = stack.up()?;
    for caller in &callers {
        caller.works_within(Duration::from_secs(30))?;
    }
    report.came_back(again);
    stack.remove()?;
    report.print();
    Ok(())
}
