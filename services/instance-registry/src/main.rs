//! The instance registry as a process of its own.

use std::process::ExitCode;

use ferrule_instance_registry::{Settings, run};
use ferrule_service::{bind, run_main};

fn main() -> ExitCode {
    run_main(
        "instance-registry",
        "who may do what; instances and their sealed tokens",
        async |layers, shutdown| {
            let settings = Settings::from_layers(&layers)?;
            let listener = bind("FERRULE_GRPC_LISTEN", settings.grpc_listen).await?;
            run(settings, listener, shutdown).await
        },
    )
}
