//! The instance registry as a process of its own.

use std::process::ExitCode;

use ferrule_instance_registry::{Settings, migrate, run};
use ferrule_service::settings::Form;
use ferrule_service::{Command, Program, Start, bind};

const PROGRAM: Program = Program {
    name: "instance-registry",
    about: "who may do what; instances and their sealed tokens",
    form: Form::Service,
    commands: &[Command {
        words: "migrate",
        arguments: &[],
        about: "brings the database's schema up to date and ends",
    }],
};

fn main() -> ExitCode {
    PROGRAM.run(async |start: Start| {
        if start.command.is_some() {
            return migrate(&start.layers).await;
        }
        let settings = Settings::from_layers(&start.layers)?;
        let listener = bind("FERRULE_GRPC_LISTEN", settings.grpc_listen).await?;
        run(settings, listener, start.cores, start.shutdown).await
    })
}
