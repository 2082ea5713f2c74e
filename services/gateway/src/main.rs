//! The gateway as a process of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    ferrule_service::run_main(
        "gateway",
        "The public face of Ferrule: REST, pages, the hosted callback.",
        ferrule_gateway::process::run,
    )
}
