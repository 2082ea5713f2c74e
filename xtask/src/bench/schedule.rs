//! The registry's schedule on PostgreSQL: the same questions among few rows and among many.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};
use ferrule_testkit::Postgres;

use super::targets::{Measure, Target, Visit};
use crate::step;

/// Claims of a visit, each of 100 rows that are due.
const CLAIMS: u32 = 8;

/// As many before anything counts: by then the connection has also seen nearly every page of the indexes.
const WARM_UP: u32 = 16;

/// Databases whose tables are filled, each with a connection that lives as long as the bench.
pub struct Schedules(BTreeMap<Target, Asker>);

/// A process that measures when it is told to, and ends with its input.
struct Asker {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Schedules {
    /// Fills a database for each target among `targets`, with as much due as all rounds will take.
    pub fn fill(program: &Path, postgres: &Postgres, targets: &[Target], rounds: u8) -> anyhow::Result<Self> {
        let mut schedules = BTreeMap::new();
        for (target, rows) in targets
            .iter()
            .filter_map(|target| Some((*target, target.schedule_rows()?)))
        {
            let database = postgres.fresh_database();
            let due = (u32::from(rounds) * CLAIMS + WARM_UP) * 100;
            step::run(
                &format!("fill: {}", target.words()),
                Command::new(program)
                    .args(["schedule-fill", &database])
                    .args([rows.to_string(), due.to_string()]),
            )?;
            let mut asker = Asker::start(program, &database)?;
            asker.claim(WARM_UP)?;
            schedules.insert(target, asker);
        }
        Ok(Self(schedules))
    }

    /// Asks what is due and claims it.
    pub fn visit(&mut self, target: Target) -> anyhow::Result<Visit> {
        let asker = self
            .0
            .get_mut(&target)
            .context("a schedule that was not filled")?;
        asker.claim(CLAIMS)
    }
}

impl Asker {
    fn start(program: &Path, database: &str) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(["schedule", database])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start bench-floor")?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().context("its output")?);
        Ok(Self {
            process,
            input,
            output,
        })
    }

    fn claim(&mut self, times: u32) -> anyhow::Result<Visit> {
        writeln!(self.input.as_ref().context("its input")?, "{times}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        ensure!(!line.is_empty(), "bench-floor schedule has ended");
        let (ask, claim) = line.trim().split_once(' ').context("two figures")?;
        Ok(vec![
            (Measure::Ask, ask.parse()?),
            (Measure::Claim, claim.parse()?),
        ])
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.input = None;
        _ = self.process.wait();
    }
}
