//! Ferrule in one process: the three services, the sandbox vendor, and the operator's commands.

mod certificates;
mod cluster_secrets;
mod commands;
mod connectors;
mod data_dir;
mod doctor;
mod embedded;
mod internal_clients;
mod sandbox;
mod welcome;

use std::process::ExitCode;

use ferrule_service::settings::Form;
use ferrule_service::{Command, Program, Start};

const PROGRAM: Program = Program {
    name: "ferrule",
    about: "Connects a product to its customers' accounts at any vendor: all services in one process.",
    form: Form::Embedded,
    commands: &[
        Command {
            words: connectors::LIST,
            arguments: &[],
            about: "lists every connector: its key, its name, its hub, how its users log in",
        },
        Command {
            words: connectors::SHOW,
            arguments: &["KEY"],
            about: "shows what a connector needs, where it leads and what it offers",
        },
        Command {
            words: connectors::NEW_OF_ISSUER,
            arguments: &["URL"],
            about: "asks an issuer for its metadata and you for the rest, and writes a connector file",
        },
        Command {
            words: connectors::NEW,
            arguments: &[],
            about: "asks what a connector is, and writes its file once it is right",
        },
        Command {
            words: connectors::CHECK,
            arguments: &["DIR"],
            about: "says everything that is wrong with a folder of connector files",
        },
        Command {
            words: connectors::SCHEMA,
            arguments: &[],
            about: "prints the JSON Schema by which editors complete and check connector files",
        },
        Command {
            words: connectors::TRY,
            arguments: &["KEY"],
            about: "logs in at the vendor with your own keys, and says what came back and what does not work",
        },
        Command {
            words: commands::DOCTOR,
            arguments: &["[PROGRAM]", "[--json]"],
            about: "looks at all that ferrule, or a service of the cluster, would start with, and says what to do",
        },
        Command {
            words: commands::KEYS_NEW,
            arguments: &["ID"],
            about: "prints a new key for FERRULE_MASTER_KEYS",
        },
        Command {
            words: commands::KEYS_ROTATE,
            arguments: &[],
            about: "brings the database under the first key of the ring, while Ferrule runs",
        },
        Command {
            words: commands::SECRETS,
            arguments: &["DIR"],
            about: "lays out keys, passwords and certificates for the services of docker-compose.yml",
        },
    ],
};

fn main() -> ExitCode {
    PROGRAM.run(run)
}

async fn run(start: Start) -> anyhow::Result<()> {
    match start.command {
        Some(words) => commands::run(words, &start).await,
        None => embedded::run(&start).await,
    }
}
