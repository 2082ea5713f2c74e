//! The `oauth-broker` process.

use std::process::ExitCode;

fn main() -> ExitCode {
    ferrule_service::run_main(
        "oauth-broker",
        "Makes authorization URLs, takes callbacks, and turns codes into tokens at vendors' token endpoints.",
        ferrule_oauth_broker::run,
    )
}
