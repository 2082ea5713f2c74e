//! `ferrule doctor`: looks at everything that a program of Ferrule stands on, and says what to do. It changes nothing.

mod addresses;
mod certificates;
mod data_dir;
mod database;
mod peers;
mod redis;
mod report;
mod settings;

use anyhow::bail;
use ferrule_model::Clock;
use ferrule_service::settings::{Form, Layers};

use report::{Finding, Report};

/// What may follow `doctor`: `ferrule` itself, unless it is said.
const PROGRAMS: [&str; 4] = ["ferrule", "gateway", "oauth-broker", "instance-registry"];

/// Looks at what the program that is named would start with, prints what it found, and fails when something is wrong.
pub(crate) async fn run(arguments: &[String], layers: &Layers) -> anyhow::Result<()> {
    let (mut program, mut json) = (PROGRAMS[0], false);
    for argument in arguments {
        match PROGRAMS.into_iter().find(|known| known == argument) {
            Some(known) => program = known,
            None if argument == "--json" => json = true,
            None => bail!(
                "{argument} is no program of Ferrule: write {}",
                PROGRAMS.join(", ")
            ),
        }
    }
    let layers = match program {
        "ferrule" => layers.clone(),
        _ => layers.in_form(Form::Service),
    };
    let report = Report(look(program, &layers, &Clock::system()).await);
    ferrule_service::say(&if json { report.json() } else { report.table() });
    match report.wrong() {
        0 => Ok(()),
        1 => bail!("1 thing is wrong"),
        many => bail!("{many} things are wrong"),
    }
}

async fn look(program: &str, layers: &Layers, clock: &Clock) -> Vec<Finding> {
    let mut found = settings::look(program, layers);
    if program == "ferrule" {
        found.extend(data_dir::look(layers));
    }
    if program != "instance-registry" {
        found.extend(addresses::public_url(program, layers));
    }
    if program == "ferrule" {
        found.extend(addresses::sandbox(layers));
    }
    found.push(addresses::connectors(layers));
    if program != "gateway" {
        found.extend(database::look(program, layers, clock).await);
    }
    if matches!(program, "ferrule" | "oauth-broker") {
        found.extend(redis::look(layers, clock).await);
    }
    found.extend(certificates::look(program, layers, clock));
    if matches!(program, "gateway" | "instance-registry") {
        found.extend(peers::look(program, layers).await);
    }
    found
}
