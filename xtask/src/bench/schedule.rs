//! The registry's schedule on PostgreSQL: the same questions among few rows and among many.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use ferrule_testkit::Postgres;

use super::targets::{Measure, Target, Visit};
use crate::step;

/// Each takes 100 rows that are due; one more prepares the statements.
const CLAIMS: u32 = 8;

/// Databases whose tables are filled.
#[derive(Default)]
pub struct Schedules(BTreeMap<Target, String>);

impl Schedules {
    /// Fills a database for each target among `targets`, with as much due as all rounds will take.
    pub fn fill(program: &Path, postgres: &Postgres, targets: &[Target], rounds: u8) -> anyhow::Result<Self> {
        let mut schedules = BTreeMap::new();
        for (target, rows) in targets
            .iter()
            .filter_map(|target| Some((*target, target.schedule_rows()?)))
        {
            let database = postgres.fresh_database();
            let due = u32::from(rounds) * (CLAIMS + 1) * 100;
            step::run(
                &format!("fill: {}", target.words()),
                Command::new(program)
                    .args(["schedule-fill", &database])
                    .args([rows.to_string(), due.to_string()]),
            )?;
            schedules.insert(target, database);
        }
        Ok(Self(schedules))
    }

    /// Asks what is due and claims it.
    pub fn visit(&self, program: &Path, target: Target) -> anyhow::Result<Visit> {
        let database = self.0.get(&target).context("a schedule that was not filled")?;
        let output = Command::new(program)
            .args(["schedule", database, &CLAIMS.to_string()])
            .output()
            .context("cannot start bench-floor")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "bench-floor schedule failed: {errors}");
        let (ask, claim) = text.trim().split_once(' ').context("two figures")?;
        Ok(vec![
            (Measure::Ask, ask.parse()?),
            (Measure::Claim, claim.parse()?),
        ])
    }
}
